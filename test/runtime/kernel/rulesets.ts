// Rulesets for tests, as if read.
import type { Expression } from '../../../src/nft/json.ts';
import type {
  Chain,
  Count,
  NamedCounter,
  NftSet,
  Rule,
  Ruleset,
  Table,
} from '../../../src/nft/ruleset/ruleset.ts';
import type { RuleWords } from '../../../src/runtime/kernel/ruleset-index.ts';

export function rulesetOf(...tables: readonly Table[]): Ruleset {
  const rules = tables.flatMap(({ chains }) => chains).reduce((sum, chain) => sum + chain.rules.length, 0);
  return { tables, rules };
}

export function tableOf(over: Partial<Table> = {}): Table {
  return {
    family: 'inet',
    name: 'filter',
    handle: 1,
    chains: [],
    sets: [],
    counters: [],
    others: [],
    flags: [],
    ...over,
  };
}

export function chainOf(name: string, rules: readonly Rule[] = [], over: Partial<Chain> = {}): Chain {
  return { name, handle: 100, rules, ...over };
}

export function baseOf(type: string, hook: string, priority = 0): Pick<Chain, 'base'> {
  return { base: { type, hook, priority, policy: 'accept' } };
}

export function ruleOf(handle: number, over: Partial<Rule> = {}): Rule {
  return { handle, expressions: [{ accept: null }], ...over };
}

export function counted(handle: number, packets: number, bytes = packets * 100): Rule {
  return ruleOf(handle, { counter: { packets, bytes } });
}

export function setOf(name: string, over: Partial<NftSet> = {}): NftSet {
  return { name, handle: 50, isMap: false, type: ['ipv4_addr'], flags: [], elements: [], ...over };
}

export function counterOf(name: string, handle: number, count: Count): NamedCounter {
  return { name, handle, ...count };
}

export const goTo = (target: string): Expression => ({ goto: { target } });
export const jump = (target: string): Expression => ({ jump: { target } });

/** "rule 5 of input", and how often an explanation was found. */
export function scriptedWords(): RuleWords & { explained: number } {
  const words = {
    explained: 0,
    text: ({ handle }: Rule) => `rule ${handle}`,
    explain({ handle }: Rule) {
      words.explained += 1;
      return { lines: [`Explains ${handle}.`], understood: handle !== 13 };
    },
    explainTable: () => [],
    explainChain: () => [],
    explainSet: () => [],
  };
  return words;
}
