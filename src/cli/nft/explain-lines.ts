// A ruleset with its explanations as text for people (80 columns), or as a document. Pure.
import { safe } from '../../domain/safe.ts';
import {
  chainAbout,
  explainChain,
  explainSet,
  explainTable,
  setAbout,
} from '../../nft/explain/explain-chain.ts';
import { explainRule } from '../../nft/explain/explain-rule.ts';
import { ruleText } from '../../nft/explain/rule-text.ts';
import type { Chain, Ruleset, Table } from '../../nft/ruleset/ruleset.ts';
import { count } from '../wording.ts';

const width = 80;

export interface Chosen {
  readonly table: Table;
  readonly chains: readonly Chain[];
  /** Of a chosen chain its sets are not told. */
  readonly sets: Table['sets'];
}

/** Tables and chains of these names; all without. */
export function chosenOf(
  { tables }: Ruleset,
  { table: wanted, chain: chainName }: { readonly table?: string; readonly chain?: string },
): readonly Chosen[] {
  return tables
    .filter(({ family, name }) => wanted === undefined || wanted === name || wanted === `${family} ${name}`)
    .map((table) => ({
      table,
      chains: table.chains.filter(({ name }) => chainName === undefined || name === chainName),
      sets: chainName === undefined ? table.sets : [],
    }))
    .filter(({ chains }) => chainName === undefined || chains.length > 0);
}

/** Safe lines. */
export function explainedLines(chosen: readonly Chosen[], ruleset: Ruleset): readonly string[] {
  const lines: string[] = [];
  let rules = 0;
  let unclear = 0;
  for (const { table, chains, sets } of chosen) {
    if (lines.length > 0) lines.push('');
    lines.push(safe(`table ${table.family} ${table.name}`), ...wrapped(explainTable(table), 2));
    for (const chain of chains) {
      const about = chainAbout(chain);
      lines.push('', ...wrapped(`chain ${safe(chain.name)}${about === '' ? '' : `: ${about}`}`, 2));
      for (const sentence of explainChain(chain, table)) lines.push(...wrapped(sentence, 4));
      for (const rule of chain.rules) {
        const { sentences, understood } = explainRule(rule, chain, table, ruleset);
        rules += 1;
        if (!understood) unclear += 1;
        lines.push('', ...wrapped(`${understood ? '' : '▲ '}${ruleText(rule)}`, 4, 8));
        for (const sentence of sentences) lines.push(...wrapped(sentence, 6));
      }
    }
    for (const set of sets) {
      const kind = set.isMap ? 'map' : 'set';
      lines.push('', ...wrapped(`${kind} ${safe(set.name)}: ${setAbout(set)}`, 2));
      for (const sentence of explainSet(set, table)) lines.push(...wrapped(sentence, 4));
    }
  }
  lines.push('', ending(rules, unclear));
  return lines;
}

function ending(rules: number, unclear: number): string {
  if (rules === 0) return 'There are no rules in it.';
  if (unclear === 0) return `${count(rules, 'rule')}.`;
  return `${count(rules, 'rule')}, ${unclear} not wholly understood: marked ▲, with ⟨ ⟩ around what nft says.`;
}

export function explainedDocument(chosen: readonly Chosen[], ruleset: Ruleset): object {
  let rules = 0;
  let notUnderstood = 0;
  const tables = chosen.map(({ table, chains, sets }) => ({
    family: table.family,
    name: table.name,
    explanation: explainTable(table),
    chains: chains.map((chain) => ({
      name: chain.name,
      ...(chain.base === undefined ? {} : { base: chain.base }),
      explanation: explainChain(chain, table),
      rules: chain.rules.map((rule) => {
        const { sentences, understood } = explainRule(rule, chain, table, ruleset);
        rules += 1;
        if (!understood) notUnderstood += 1;
        return {
          handle: rule.handle,
          text: ruleText(rule),
          explanation: sentences,
          understood,
          ...(rule.counter === undefined ? {} : { counter: rule.counter }),
        };
      }),
    })),
    sets: sets.map((set) => ({
      name: set.name,
      kind: set.isMap ? 'map' : 'set',
      about: setAbout(set),
      elements: set.elements.length,
    })),
  }));
  return { tables, rules, notUnderstood };
}

/** At blanks; what has none stays long, since a cut address is none. */
export function wrapped(text: string, indent: number, hanging = indent): readonly string[] {
  const lines: string[] = [];
  let line = ' '.repeat(indent);
  let empty = true;
  for (const word of text.split(' ')) {
    if (!empty && line.length + 1 + word.length > width) {
      lines.push(line);
      line = ' '.repeat(hanging);
      empty = true;
    }
    line += empty ? word : ` ${word}`;
    empty = false;
  }
  lines.push(line);
  return lines;
}
