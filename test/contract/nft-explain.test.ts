// Rules of every kind, loaded by the real nft: each is understood, and what is written of it is what nft takes for the same rule.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { explainRule } from '../../src/nft/explain/explain-rule.ts';
import { ruleText } from '../../src/nft/explain/rule-text.ts';
import type { Json } from '../../src/nft/json.ts';
import { readRuleset } from '../../src/nft/ruleset/read-ruleset.ts';
import type { Ruleset } from '../../src/nft/ruleset/ruleset.ts';
import { createNetwork, type Namespace, type Network, nftablesFault } from '../support/namespaces.ts';
import { skeleton, wideRules } from './wide-rules.ts';

const fault = nftablesFault('nft');

/** What no kernel module is there for, or what a file for this machine would need. */
const notHere = /Operation not supported|No such file or directory|Protocol error/;

describe.skipIf(fault !== undefined)(`rules of every kind${fault === undefined ? '' : ` (${fault})`}`, () => {
  let network: Network;
  let loaded: readonly string[];
  let ruleset: Ruleset;

  const listed = (where: Namespace): Json[] =>
    (JSON.parse(where.ask('nft', ['-j', 'list', 'ruleset'])) as { nftables: Json[] }).nftables;
  const prepared = (role: string): Namespace => {
    const made = network.namespace(role);
    made.rules(`${skeleton.join('\n')}\n`);
    return made;
  };

  beforeAll(() => {
    network = createNetwork('explain');
    const where = prepared('wide');
    loaded = wideRules.filter((rule) => {
      try {
        where.rules(`${rule}\n`);
        return true;
      } catch (error) {
        if (!notHere.test((error as Error).message)) throw error;
        return false;
      }
    });
    ruleset = readRuleset(listed(where));
  }, 120_000);
  afterAll(() => network?.remove());

  it('understands every one', () => {
    expect(ruleset.rules).toBe(loaded.length);
    expect(loaded.length).toBeGreaterThan(100);
    for (const table of ruleset.tables)
      for (const chain of table.chains)
        for (const rule of chain.rules) {
          const { sentences, understood } = explainRule(rule, chain, table, ruleset);
          expect(understood, `${ruleText(rule)}: ${sentences.join(' ')}`).toBe(true);
          expect(sentences.length).toBeGreaterThan(0);
        }
  });

  it('writes each so that nft takes it for the same rule', () => {
    const texts = ruleset.tables.flatMap((table) =>
      table.chains.flatMap((chain) =>
        chain.rules.map(
          (rule) =>
            `add rule ${table.family} ${table.name} ${chain.name} ${ruleText(rule, { most: 1_000_000 })}`,
        ),
      ),
    );
    const again = prepared('again');
    again.rules(`${texts.join('\n')}\n`);
    const expressions = ({ tables }: Ruleset) =>
      tables.flatMap((table) =>
        table.chains.flatMap((chain) => chain.rules.map((rule) => withoutCounts(rule.expressions))),
      );
    expect(expressions(readRuleset(listed(again)))).toEqual(expressions(ruleset));
  });

  const sluice = (where: Namespace, args: readonly string[], stdin?: string): string =>
    where.ask(process.execPath, ['src/cli/main.ts', 'nft', 'explain', ...args], stdin);

  it('is told by `sluice nft explain` from text, without a change of the ruleset there', () => {
    const where = prepared('told');
    const before = listed(where);
    const text =
      'table filter { chain input { type filter hook input priority 0; ip saddr 192.168.1.100 drop } }\n';
    expect(sluice(where, ['-'], text)).toContain(
      'Drops every packet from 192.168.1.100 addressed to this machine.',
    );
    expect(withoutCounts(listed(where))).toEqual(withoutCounts(before));
    expect(() => sluice(where, ['-'], 'table filter { chain input { ip saddr nonsense drop\n} }\n')).toThrow(
      /nft does not take these rules: line 1/,
    );
    expect(withoutCounts(listed(where))).toEqual(withoutCounts(before));
  });

  it('is told by `sluice nft explain` from the ruleset in force, and from its JSON alike', () => {
    const where = prepared('live');
    const live = sluice(where, ['--json', '--table', 'ip nat']);
    const json = where.ask('nft', ['-j', 'list', 'ruleset']);
    expect(JSON.parse(live)).toMatchObject({ tables: [{ family: 'ip', name: 'nat' }], notUnderstood: 0 });
    expect(sluice(where, ['--json', '--table', 'nat', '-'], json)).toBe(live);
    expect(() => sluice(where, ['--table', 'nosuch'])).toThrow(/there is no table nosuch/);
  });
});

const moving = new Set(['packets', 'bytes', 'used', 'expires']);

function withoutCounts(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (key, inner: unknown) => (moving.has(key) ? undefined : inner)));
}
