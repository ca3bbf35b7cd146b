// The words for what is in a ruleset, as rows have them.

import { explainChain, explainSet, explainTable } from '../../nft/explain/explain-chain.ts';
import { explainRule } from '../../nft/explain/explain-rule.ts';
import { ruleText } from '../../nft/explain/rule-text.ts';
import type { RuleWords } from './ruleset-index.ts';

export const ruleWords: RuleWords = {
  text: (rule) => ruleText(rule),
  explain(rule, chain, table) {
    const { sentences, understood } = explainRule(rule, chain, table);
    return { lines: sentences, understood };
  },
  explainTable: (table) => [explainTable(table)],
  explainChain,
  explainSet,
};
