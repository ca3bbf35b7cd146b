// A rule in plain English: what it does, to which packets, and where they are met. What is not understood stands in ⟨ ⟩ as nft
// writes it.

import { safe } from '../../domain/safe.ts';
import type { Expression } from '../json.ts';
import { fieldOf, listOf, onlyEntry } from '../json-fields.ts';
import type { Chain, Rule, Ruleset, Table } from '../ruleset/ruleset.ts';
import { type Action, actionOf } from './action.ts';
import { type Condition, conditionOf, eachWords } from './condition.ts';
import { recognised } from './owners.ts';
import { either, type Telling } from './telling.ts';
import { waysTo } from './ways.ts';

export interface Explanation {
  /** Safe. */
  readonly sentences: readonly string[];
  /** False where a part of it is shown as nft writes it. */
  readonly understood: boolean;
}

const longest = 600;

/** Never throws, whatever the rule is. */
export function explainRule(rule: Rule, chain: Chain, table: Table, _ruleset?: Ruleset): Explanation {
  const telling: Telling = { table, nat: waysTo(chain, table).nat, understood: true };
  const owned = recognised(rule, chain, table, telling);
  const sentences = segmentsOf(rule.expressions, telling).map((segment, index) =>
    sentenceOf(segment, index === 0 ? chain : undefined, telling),
  );
  return {
    sentences: [...(owned === undefined ? [] : [owned]), ...sentences].map((text) => safe(text, longest)),
    understood: telling.understood,
  };
}

interface Segment {
  readonly conditions: Condition[];
  readonly actions: Action[];
}

/** nft goes from left to right: what stands before a condition is done to more packets than what stands behind it. */
function segmentsOf(expressions: readonly Expression[], telling: Telling): readonly Segment[] {
  let open: Segment = { conditions: [], actions: [] };
  const segments = [open];
  const add = (condition: Condition): void => {
    if (open.actions.length > 0) {
      open = { conditions: [], actions: [] };
      segments.push(open);
    }
    open.conditions.push(condition);
  };
  for (const expression of expressions.slice(0, 200)) {
    const condition = conditionOf(expression, telling);
    if (condition !== undefined) {
      add(condition);
      continue;
    }
    open.actions.push(actionOf(expression, telling));
    const [kind, body] = onlyEntry(expression) ?? [];
    const inner = kind === 'set' || kind === 'map' ? listOf(fieldOf(body, 'stmt')) : [];
    const limiting = inner.filter((one) => fieldOf(one, 'counter') === undefined);
    if (limiting.length > 0)
      add({ place: 'tail', text: eachWords(fieldOf(body, 'elem'), limiting, telling) });
  }
  // What is asked last, and nothing follows from.
  return segments.filter(({ actions }, index) => index === 0 || actions.length > 0);
}

/** @param chain of the first segment; of the others undefined: they are about some of the same packets */
function sentenceOf({ conditions, actions }: Segment, chain: Chain | undefined, telling: Telling): string {
  const object = objectOf(conditions, chain, telling);
  if (actions.length === 0) {
    if (conditions.length === 0 && chain !== undefined) return 'Does nothing: it is empty.';
    return tidy(`Does nothing with ${object}: it has no action.`);
  }
  const told = actionsText(actions, object.replace(/^every one /, 'those '));
  return tidy(chain === undefined ? `Of these, ${told}.` : `${told[0]!.toUpperCase()}${told.slice(1)}.`);
}

/** A clause between commas may stand before another comma, or at the end. */
function tidy(sentence: string): string {
  return sentence.replaceAll(' ,', ',').replace(/,(?=[,.:;])/g, '');
}

function actionsText(actions: readonly Action[], object: string): string {
  const first = actions.findIndex((action) => action.simple === undefined);
  const leading = first === -1 ? actions : actions.slice(0, first);
  if (leading.length === 0)
    return [actions[0]!.words(object), ...actions.slice(1).map(({ words }) => words('it'))].join(', then ');
  const verbs = either(
    leading.map((action) => action.simple!),
    8,
    'and',
  );
  const rest = actions.slice(leading.length).map(({ words }) => words('it'));
  return [`${verbs} ${object}`, ...rest].join(', then ');
}

function objectOf(conditions: readonly Condition[], chain: Chain | undefined, telling: Telling): string {
  const thing = chain === undefined ? 'one' : telling.nat ? 'new connection' : 'packet';
  const speaking = conditions.filter(({ layer, bare }) => layer !== undefined && bare !== true);
  const layers = new Set(speaking.map(({ layer }) => layer));
  const needed = conditions.filter(({ layer, bare }) => bare !== true || !layers.has(layer ?? ''));
  const at = (place: Condition['place']): readonly string[] =>
    needed.filter((one) => one.place === place).map(({ text }) => text);
  const which = at('which').filter((text) => !text.startsWith('over '));
  const parts = [
    `every ${thing}`,
    ...at('which').filter((text) => text.startsWith('over ')),
    end('from', at('fromPort'), at('from')),
    end('to', at('toPort'), at('to')),
  ];
  if (chain !== undefined)
    parts.push(scopeOf(chain, telling, at('toPort').length > 0 && at('to').length === 0));
  parts.push(which.join(' and '));
  const said = parts.filter((part) => part !== '').join(' ');
  return [said, ...at('tail')].join(', ');
}

function end(word: string, ports: readonly string[], addresses: readonly string[]): string {
  if (ports.length === 0 && addresses.length === 0) return '';
  if (ports.length === 0) return `${word} ${addresses.join(' and ')}`;
  if (addresses.length === 0) return `${word} ${ports.join(' and ')}`;
  return `${word} ${ports.join(' and ')} of ${addresses.join(' and ')}`;
}

/** @param portAlone a destination port was named, and no address */
function scopeOf(chain: Chain, telling: Telling, portAlone: boolean): string {
  const { base } = chain;
  if (base === undefined) {
    const { from } = waysTo(chain, telling.table);
    if (from.length === 0) return 'that comes to this chain (no rule of its table leads here)';
    const names: string[] = from.slice(0, 3).map((name) => safe(name, 80));
    if (from.length > 3) names.push(`${from.length - 3} more`);
    return `that ${from.length === 1 ? 'chain' : 'chains'} ${either(names)} ${from.length === 1 ? 'sends' : 'send'} here`;
  }
  const device = base.device === undefined ? 'its interface' : safe(base.device, 80);
  switch (base.hook) {
    case 'input':
      return portAlone ? 'of this machine' : 'addressed to this machine';
    case 'forward':
      return 'that passes through this machine';
    case 'output':
      return telling.nat ? 'that this machine opens' : 'that this machine sends';
    case 'prerouting':
      return ', as it arrives,';
    case 'postrouting':
      return ', as it leaves,';
    case 'ingress':
      return `, as it comes in by ${device}, before all else,`;
    case 'egress':
      return `, as it goes out by ${device}, after all else,`;
    default:
      return `, at hook ${safe(base.hook, 40)},`;
  }
}
