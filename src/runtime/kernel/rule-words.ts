// The words for rules, as rows have them.

import { ruleText } from '../../nft/explain/rule-text.ts';
import type { RuleWords } from './ruleset-index.ts';

export const ruleWords: RuleWords = {
  text: (rule) => ruleText(rule),
  explain: () => ({ lines: [], understood: true }),
};
