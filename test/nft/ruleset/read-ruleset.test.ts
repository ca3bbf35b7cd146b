import { describe, expect, it } from 'vitest';
import type { Json } from '../../../src/nft/json.ts';
import { readRuleset } from '../../../src/nft/ruleset/read-ruleset.ts';

const of = { family: 'ip', table: 'filter' };
const table: Json = { table: { family: 'ip', name: 'filter', handle: 1 } };

describe('readRuleset', () => {
  it('reads tables, chains in order, rules, sets, maps and counters', () => {
    const ruleset = readRuleset([
      { metainfo: { version: '1.0.6', json_schema_version: 1 } },
      table,
      { counter: { ...of, name: 'hits', handle: 6, comment: 'of web', packets: 5, bytes: 300 } },
      { quota: { ...of, name: 'q1', handle: 7, bytes: 10 } },
      { set: { ...of, name: 's', handle: 2, type: 'ipv4_addr', flags: ['interval'], size: 9, timeout: 60 } },
      { chain: { ...of, name: 'b', handle: 3 } },
      { chain: { ...of, name: 'a', handle: 4, type: 'nat', hook: 'input', prio: -5, policy: 'accept' } },
      { rule: { ...of, chain: 'a', handle: 8, comment: 'x', expr: [{ counter: 'hits' }, { drop: null }] } },
      { rule: { ...of, chain: 'b', handle: 9, expr: [{ counter: { packets: 1, bytes: 2 } }] } },
      { rule: { ...of, chain: 'a', handle: 10, expr: [{ drop: null }] } },
    ]);
    expect(ruleset.rules).toBe(3);
    const [only] = ruleset.tables;
    expect(only).toMatchObject({
      family: 'ip',
      name: 'filter',
      handle: 1,
      others: [{ kind: 'quota', name: 'q1' }],
      counters: [{ name: 'hits', handle: 6, comment: 'of web', packets: 5, bytes: 300 }],
      sets: [
        { name: 's', isMap: false, type: ['ipv4_addr'], flags: ['interval'], size: 9, timeoutMs: 60_000 },
      ],
    });
    expect(only!.chains.map(({ name }) => name)).toEqual(['b', 'a']);
    expect(only!.chains[1]).toMatchObject({
      base: { type: 'nat', hook: 'input', priority: -5, policy: 'accept' },
      rules: [{ handle: 8, comment: 'x', counter: { packets: 5, bytes: 300, name: 'hits' } }, { handle: 10 }],
    });
    expect(only!.chains[0]!.rules[0]!.counter).toEqual({ packets: 1, bytes: 2 });
    expect(only!.chains[1]!.rules[1]).not.toHaveProperty('counter');
  });

  it('reads elements in every form', () => {
    const val = '192.0.2.7';
    const { tables } = readRuleset([
      table,
      {
        set: {
          ...of,
          name: 's',
          type: ['ipv4_addr', 'inet_service'],
          elem: [
            '192.0.2.1',
            { prefix: { addr: '10.0.0.0', len: 8 } },
            { elem: { val, timeout: 3600, expires: 3599, comment: 'c', counter: { packets: 1, bytes: 2 } } },
          ],
        },
      },
      {
        map: {
          ...of,
          name: 'm',
          type: 'ipv4_addr',
          map: 'ipv4_addr . inet_service',
          elem: [
            ['10.9.0.1', { concat: ['10.1.0.1', 80] }],
            [{ elem: { val, comment: 'd' } }, { drop: null }],
          ],
        },
      },
    ]);
    expect(tables[0]!.sets[0]!.elements).toEqual([
      { value: '192.0.2.1' },
      { value: { prefix: { addr: '10.0.0.0', len: 8 } } },
      {
        value: val,
        timeoutMs: 3_600_000,
        expiresMs: 3_599_000,
        comment: 'c',
        counter: { packets: 1, bytes: 2 },
      },
    ]);
    expect(tables[0]!.sets[1]).toMatchObject({
      isMap: true,
      to: ['ipv4_addr', 'inet_service'],
      elements: [
        { value: '10.9.0.1', data: { concat: ['10.1.0.1', 80] } },
        { value: val, comment: 'd', data: { drop: null } },
      ],
    });
  });

  it('takes what it does not know as it is, and what is of the wrong kind as not there', () => {
    const hostile = JSON.parse(
      '[null,1,"x",[],{},{"rule":7},{"table":{"name":5}},{"set":{"table":"t","name":"__proto__","elem":{"a":1},"flags":9,"type":3}},{"chain":{"table":"__proto__","name":"constructor","__proto__":{"hook":"x"}}},{"rule":{"table":"t","chain":"c","handle":"y","expr":"z","comment":{}}},{"tunnel":{"table":"t","name":"n"}},{"counter":{"table":"t","packets":-1,"bytes":"3"}}]',
    ) as Json[];
    const { tables, rules } = readRuleset(hostile);
    expect(rules).toBe(1);
    expect(tables.map(({ name }) => name)).toEqual(['', 't', '__proto__']);
    expect(tables[2]!.chains[0]).toEqual({ name: 'constructor', handle: 0, rules: [] });
    expect(tables[1]!.others).toEqual([{ kind: 'tunnel', name: 'n' }]);
    expect(tables[1]!.counters).toMatchObject([{ packets: 0, bytes: 0 }]);
  });

  it('reads a list of one chain, which does not name its table before', () => {
    const { tables } = readRuleset([
      { chain: { ...of, name: 'c' } },
      { add: { rule: { ...of, chain: 'c', expr: [] } } },
    ]);
    expect(tables[0]).toMatchObject({ family: 'ip', name: 'filter', chains: [{ rules: [{ handle: 0 }] }] });
  });

  it('takes a hundred thousand elements and ten thousand rules', () => {
    const elem = Array.from({ length: 100_000 }, (_, index) => ({
      elem: { val: `10.${index}`, timeout: 9 },
    }));
    const rule = (handle: number): Json => ({ rule: { ...of, chain: 'c', handle, expr: [{ drop: null }] } });
    const many = Array.from({ length: 10_000 }, (_, handle) => rule(handle));
    const ruleset = readRuleset([table, { set: { ...of, name: 's', type: 'x', elem } }, ...many]);
    expect(ruleset.rules).toBe(10_000);
    expect(ruleset.tables[0]!.sets[0]!.elements).toHaveLength(100_000);
  });
});
