// Where the kernel sends a connection: the nat chains of a ruleset gone through in its order, for the packet that opens it. A draw
// or hash is followed each way. What depends on a fact that nobody has told (a mark, an interface, a user) is said, not guessed.

import { compactJson } from '../compact-json.ts';
import { explainRule } from '../explain/explain-rule.ts';
import { oneStatementText } from '../explain/rule-text.ts';
import type { Expression, Json } from '../json.ts';
import { fieldOf, onlyEntry, textField } from '../json-fields.ts';
import { choiceOf, pairsOf } from '../ruleset/alternatives.ts';
import type { Chain, Rule, Ruleset, Table } from '../ruleset/ruleset.ts';
import { holds, isIpv6, lookedUp, type Packet } from './packet-facts.ts';
import { placesOf } from './places.ts';

export type { Packet } from './packet-facts.ts';

export interface Followed {
  /** Rules that the connection met and that took it further; of alternatives all. */
  readonly steps: readonly FollowedStep[];
  /** Where it may arrive. `share` of 1; undefined where the shares depend on what is not known. Empty: its address stays. */
  readonly endpoints: readonly { readonly address: string; readonly share?: number }[];
  /** False: it depends on facts that are not known. */
  readonly decided: boolean;
  /** One safe line. */
  readonly why: string;
}

export interface FollowedStep {
  /** "inet sluice". */
  readonly table: string;
  readonly chain: string;
  readonly handle: number;
  /** In plain English. Safe. */
  readonly text: string;
}

const mostRules = 200_000;
const deepest = 200;
const mostSteps = 60;

interface Frame {
  readonly table: Table;
  readonly chain: Chain;
  readonly index: number;
  /** To which `return` goes back. */
  readonly back?: Frame;
}

/** Pure; never throws, whatever the ruleset is. */
export function follow(ruleset: Ruleset, packet: Packet): Followed {
  const bases = basesOf(ruleset, packet);
  const endpoints = new Map<string, number>();
  const steps = new Map<string, FollowedStep>();
  const unknown = new Set<string>();
  let untouched = 0;
  let refused = 0;
  let left = mostRules;
  let broken = false;

  function step({ table, chain }: Frame, rule: Rule): void {
    const key = `${table.family} ${table.name} ${chain.name} ${rule.handle}`;
    if (steps.has(key) || steps.size >= mostSteps) return;
    const { sentences } = explainRule(rule, chain, table, ruleset);
    steps.set(key, {
      table: `${table.family} ${table.name}`,
      chain: chain.name,
      handle: rule.handle,
      text: sentences[0] ?? '',
    });
  }

  function nextBase(base: number, share: number, depth: number): void {
    const next = bases[base];
    if (next === undefined) untouched += share;
    else walk({ ...next, index: 0 }, share, base, depth + 1);
  }

  /** From a rule on, through all that follows. */
  function walk(from: Frame | undefined, share: number, base: number, depth: number): void {
    if (depth > deepest) {
      broken = true;
      return;
    }
    let frame = from;
    while (frame !== undefined) {
      left -= 1;
      if (left < 0 || broken) {
        broken = true;
        return;
      }
      const rule: Rule | undefined = frame.chain.rules[frame.index];
      if (rule === undefined) {
        frame = frame.back;
        continue;
      }
      const here: Frame = frame;
      const after: Frame = { ...here, index: here.index + 1 };
      frame = after;
      const met = ruleMet(rule, here);
      if (met === undefined) continue;
      step(here, rule);
      if (met.unknown !== undefined) {
        // Both ways are looked at; which of them is taken is not known.
        unknown.add(met.unknown);
        walk(after, share, base, depth + 1);
      }
      const { kind, body } = met;
      switch (kind) {
        case 'accept':
          nextBase(base + 1, share, depth);
          return;
        case 'drop':
        case 'reject':
          refused += share;
          return;
        case 'return':
          frame = here.back;
          continue;
        case 'jump':
        case 'goto':
          frame = entered(body, here.table, kind === 'jump' ? after : here.back) ?? after;
          continue;
        case 'vmap': {
          const ways = verdictsOf(body, here);
          if (ways.unknown !== undefined) unknown.add(ways.unknown);
          for (const { outcome, share: part } of ways.alternatives) take(outcome, here, after, share * part);
          if (ways.missing > 0) walk(after, share * ways.missing, base, depth + 1);
          return;
        }
        case 'dnat':
        case 'redirect': {
          const found = placesOf(kind, body, packet, here.table);
          if (found === undefined) {
            unknown.add(oneStatementText({ [kind]: body }).text);
            return;
          }
          for (const place of found.places)
            endpoints.set(place.address, (endpoints.get(place.address) ?? 0) + share * place.share);
          if (found.missing > 0) walk(after, share * found.missing, base, depth + 1);
          return;
        }
        default:
          // Handed to a program, or done by what iptables brought along: whatever becomes of it there.
          unknown.add(oneStatementText({ [kind]: body }).text);
          return;
      }
    }
    nextBase(base + 1, share, depth);

    function take(verdict: Json, here: Frame, after: Frame, part: number): void {
      const [kind, body] = onlyEntry(verdict) ?? [];
      if (kind === 'accept') nextBase(base + 1, part, depth);
      else if (kind === 'drop') refused += part;
      else if (kind === 'return') walk(here.back ?? emptied(here), part, base, depth + 1);
      else if ((kind === 'jump' || kind === 'goto') && body !== undefined)
        walk(entered(body, here.table, kind === 'jump' ? after : here.back) ?? after, part, base, depth + 1);
      else walk(after, part, base, depth + 1);
    }
  }

  /** What the rule does with the packet that matters here; undefined where it is not met, or only counts or marks. */
  function ruleMet(
    rule: Rule,
    { table }: Frame,
  ): { readonly kind: string; readonly body: Json; readonly unknown?: string } | undefined {
    let doubt: string | undefined;
    for (const expression of rule.expressions) {
      const [kind, body] = onlyEntry(expression) ?? [];
      if (kind === undefined || body === undefined) return undefined;
      if (kind === 'match') {
        const yes = holds(body, packet, table);
        if (yes === false) return undefined;
        if (yes === undefined) doubt ??= oneStatementText(expression).text;
      } else if (isPassing(kind, body)) doubt ??= oneStatementText(expression).text;
      else if (decides(expression, table))
        return { kind, body, ...(doubt !== undefined && { unknown: doubt }) };
    }
    return undefined;
  }

  const decisive = new Map<Chain, boolean>();

  function decides(expression: Expression, table: Table): boolean {
    const [kind, body] = onlyEntry(expression) ?? [];
    if (kind === 'jump' || kind === 'goto') {
      if (kind === 'goto') return true;
      const target = chainNamed(textField(body, 'target'), table);
      return target !== undefined && isDecisive(target, table);
    }
    return deciding.has(kind ?? '');
  }

  /** A chain that only marks or counts is passed over. */
  function isDecisive(start: Chain, table: Table): boolean {
    const before = decisive.get(start);
    if (before !== undefined) return before;
    const seen = new Set<Chain>();
    const open = [start];
    let found = false;
    for (let chain = open.pop(); chain !== undefined && !found; chain = open.pop()) {
      if (seen.has(chain)) continue;
      seen.add(chain);
      for (const { expressions } of chain.rules)
        for (const expression of expressions) {
          const [kind, body] = onlyEntry(expression) ?? [];
          if (kind === 'jump' || kind === 'goto') {
            const target = chainNamed(textField(body, 'target'), table);
            if (target !== undefined) open.push(target);
          } else if (kind !== 'return' && deciding.has(kind ?? '')) found = true;
        }
    }
    decisive.set(start, found);
    return found;
  }

  function verdictsOf(body: Json, { table }: Frame) {
    const choice = choiceOf(body, table);
    if (choice !== undefined) return { ...choice, unknown: undefined };
    const found = lookedUp(body, packet, table);
    if (found === null) return { alternatives: [], missing: 1, unknown: undefined };
    if (found !== undefined)
      return { alternatives: [{ outcome: found, share: 1 }], missing: 0, unknown: undefined };
    const ways = new Map<string, Json>();
    for (const [, outcome] of pairsOf(fieldOf(body, 'data'), table))
      if (ways.size < 100) ways.set(compactJson(outcome, 500), outcome);
    return {
      alternatives: [...ways.values()].map((outcome) => ({ outcome, share: 1 })),
      missing: 1,
      unknown: oneStatementText({ vmap: body }).text,
    };
  }

  nextBase(0, 1, 0);
  const decided = unknown.size === 0 && !broken;
  const told = [...endpoints].map(([address, share]) => (decided ? { address, share } : { address }));
  return {
    steps: [...steps.values()],
    endpoints: told,
    decided,
    why: broken
      ? 'the rules lead too far to be followed'
      : unknown.size > 0
        ? `it depends on what is not known here: ${[...unknown].slice(0, 3).join('; ')}`
        : whyDecided(told.length, untouched, refused),
  };
}

const deciding = new Set(
  'accept drop reject return jump goto vmap dnat redirect queue xt tproxy synproxy fwd'.split(' '),
);

/** Lets some through only, and which is not known here. */
function isPassing(kind: string, body: Json): boolean {
  if (kind === 'xt') return textField(body, 'type') === 'match';
  return ['limit', 'quota', 'ct count', 'meter'].includes(kind);
}

function whyDecided(endpoints: number, untouched: number, refused: number): string {
  if (endpoints > 0)
    return refused > 0 || untouched > 0.0005
      ? 'some connections are translated, others are not'
      : 'a rule translates its destination';
  return refused > 0 ? 'a rule refuses it' : 'no rule translates its destination';
}

/** In the order in which the kernel calls them: by priority, and as listed where that is the same. */
function basesOf(
  { tables }: Ruleset,
  packet: Packet,
): readonly { readonly table: Table; readonly chain: Chain }[] {
  const hook = packet.from === 'this-machine' ? 'output' : 'prerouting';
  const families = ['inet', isIpv6(packet) ? 'ip6' : 'ip'];
  return tables
    .filter(({ family }) => families.includes(family))
    .flatMap((table) => table.chains.map((chain) => ({ table, chain })))
    .filter(({ chain: { base } }) => base?.type === 'nat' && base.hook === hook)
    .sort((a, b) => a.chain.base!.priority - b.chain.base!.priority);
}

function entered(body: Json, table: Table, back: Frame | undefined): Frame | undefined {
  const chain = chainNamed(textField(body, 'target'), table);
  if (chain === undefined) return undefined;
  return { table, chain, index: 0, ...(back !== undefined && { back }) };
}

/** At its end: what is left is what called it. */
const emptied = (frame: Frame): Frame => ({
  table: frame.table,
  chain: frame.chain,
  index: frame.chain.rules.length,
});

const chainsOf = new WeakMap<Table, ReadonlyMap<string, Chain>>();

function chainNamed(name: string | undefined, table: Table): Chain | undefined {
  let known = chainsOf.get(table);
  if (known === undefined) {
    known = new Map(table.chains.map((chain) => [chain.name, chain]));
    chainsOf.set(table, known);
  }
  return name === undefined ? undefined : known.get(name);
}
