import { describe, expect, it } from 'vitest';
import { withEndedRules } from '../../../src/cli/nft/explain-text.ts';

describe('withEndedRules', () => {
  it.each([
    ['table t { chain c { drop } }', 'table t { chain c { drop ;} ;}'],
    ['chain c { tcp dport { 80, 443 } drop }', 'chain c { tcp dport { 80, 443 } drop ;}'],
    ['set s { elements = { 1 } }', 'set s { elements = { 1 } ;}'],
    ['chain c { log prefix "} {" }', 'chain c { log prefix "} {" ;}'],
    ['chain c {\n  drop # all }\n}', 'chain c {\n  drop # all }\n;}'],
    [
      'add chain ip t c { type filter hook input priority 0; }',
      'add chain ip t c { type filter hook input priority 0; ;}',
    ],
    ['}}}', '}}}'],
  ])('%s', (text, ended) => {
    expect(withEndedRules(text)).toBe(ended);
  });
});
