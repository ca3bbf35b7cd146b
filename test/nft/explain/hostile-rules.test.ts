import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  chainAbout,
  explainChain,
  explainSet,
  explainTable,
  setAbout,
} from '../../../src/nft/explain/explain-chain.ts';
import { explainRule } from '../../../src/nft/explain/explain-rule.ts';
import { ruleText } from '../../../src/nft/explain/rule-text.ts';
import { follow } from '../../../src/nft/follow/follow.ts';
import type { Json } from '../../../src/nft/json.ts';
import { readRuleset } from '../../../src/nft/ruleset/read-ruleset.ts';

/** Everything that is told of a ruleset. */
function told(objects: readonly Json[]): string[] {
  const ruleset = readRuleset(objects);
  const lines: string[] = [];
  for (const table of ruleset.tables) {
    lines.push(explainTable(table));
    for (const set of table.sets) lines.push(setAbout(set), ...explainSet(set, table));
    for (const chain of table.chains) {
      lines.push(chainAbout(chain), ...explainChain(chain, table));
      for (const rule of chain.rules)
        lines.push(ruleText(rule), ...explainRule(rule, chain, table, ruleset).sentences);
    }
  }
  const found = follow(ruleset, {
    protocol: 'tcp',
    destination: '10.0.0.1',
    destinationPort: 80,
    from: 'outside',
  });
  lines.push(
    found.why,
    ...found.steps.map(({ text }) => text),
    ...found.endpoints.map(({ address }) => address),
  );
  return lines;
}

const kinds = (
  'match counter limit quota log reject vmap map dnat snat masquerade redirect mangle set meter queue tproxy dup fwd flow synproxy xt ' +
  'jump goto accept return payload meta ct fib rt socket exthdr numgen jhash concat prefix range elem & | ^ left right op key data addr ' +
  'port val protocol field mod expr stmt name type target prefix_ __proto__ constructor toString'
).split(' ');
const texts = fc.oneof(
  fc.constantFrom(
    ...kinds,
    '==',
    'in',
    'tcp',
    'ip',
    'saddr',
    'dport',
    'state',
    'mark',
    '@s',
    '*',
    '\x1b[31m',
    '\u202e',
  ),
  fc.string({ unit: 'binary', maxLength: 12 }),
);
const { json } = fc.letrec<{ json: Json }>((tie) => ({
  json: fc.oneof(
    { depthSize: 'medium', withCrossShrink: true },
    texts,
    fc.integer(),
    fc.constantFrom<Json>(null, true, false, -1, 1e300, 0.5),
    fc.array(tie('json'), { maxLength: 4 }),
    fc.dictionary(fc.constantFrom(...kinds), tie('json'), { maxKeys: 1 }),
    fc.dictionary(texts, tie('json'), { maxKeys: 4 }),
  ) as fc.Arbitrary<Json>,
}));

const around = (expr: Json, name = 'c'): Json[] => [
  { table: { family: 'ip', name: 't' } },
  { map: { family: 'ip', table: 't', name: 's', type: 'x', map: 'verdict', elem: expr } },
  {
    chain: {
      family: 'ip',
      table: 't',
      name,
      type: 'nat',
      hook: 'prerouting',
      prio: 0,
      dev: name,
      policy: name,
    },
  },
  { rule: { family: 'ip', table: 't', chain: name, handle: 1, comment: name, expr } },
];

describe('a hostile ruleset', () => {
  it('never makes reader, explainer or follower throw, nor anything come out that a terminal obeys', () => {
    fc.assert(
      fc.property(fc.array(json, { maxLength: 5 }), texts, (values, name) => {
        for (const line of [...told(values), ...told(around(values, name))])
          expect(line).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
      }),
      { numRuns: 1_000 },
    );
  });

  it.each(['&', 'concat', 'map', 'elem', 'set', 'list'])('is told however deep it is: %s', (kind) => {
    let deep: Json = 'x';
    for (let depth = 0; depth < 20_000; depth += 1)
      deep =
        kind === 'list'
          ? [deep]
          : kind === 'map'
            ? { map: { key: deep, data: deep } }
            : { [kind]: [deep, 1] };
    const left: Json = [
      { match: { op: '==', left: deep, right: deep } },
      { counter: { map: { key: deep } } },
    ];
    for (const line of told(
      around([...left, { dnat: { addr: deep } }, { vmap: { key: deep, data: { set: [[deep, deep]] } } }]),
    ))
      expect(line.length).toBeLessThan(20_000);
  });

  it('is told however wide it is', () => {
    const wide = Array.from({ length: 50_000 }, (_, index) => index);
    const lines = told(
      around([
        { match: { op: 'in', left: { ct: { key: 'state' } }, right: wide } },
        {
          vmap: {
            key: { numgen: { mode: 'random', mod: 50_000 } },
            data: { set: wide.map((one) => [one, { accept: null }]) },
          },
        },
      ]),
    );
    for (const line of lines) expect(line.length).toBeLessThan(20_000);
  });
});
