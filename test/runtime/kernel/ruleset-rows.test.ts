import { describe, expect, it } from 'vitest';
import type { RulesetQuery } from '../../../src/domain/kernel.ts';
import type { Ruleset } from '../../../src/nft/ruleset/ruleset.ts';
import { indexRuleset } from '../../../src/runtime/kernel/ruleset-index.ts';
import { countedIn, type Rates, ratesOf } from '../../../src/runtime/kernel/ruleset-rates.ts';
import { rulesetWindow } from '../../../src/runtime/kernel/ruleset-rows.ts';
import {
  baseOf,
  chainOf,
  counted,
  counterOf,
  goTo,
  jump,
  ruleOf,
  rulesetOf,
  scriptedWords,
  setOf,
  tableOf,
} from './rulesets.ts';

const all: RulesetQuery = { filter: '', order: 'kernel', folded: [], offset: 0, limit: 200 };

function windowOf(ruleset: Ruleset, query: Partial<RulesetQuery> = {}, rates: Rates = new Map()) {
  const words = scriptedWords();
  const index = indexRuleset(ruleset, words);
  return { ...rulesetWindow({ index, rates, at: 7 }, { ...all, ...query }).window, words };
}

const keys = (window: ReturnType<typeof windowOf>) => window.rows.map(({ key }) => key);

const filter = tableOf({
  name: 'filter',
  handle: 1,
  chains: [
    chainOf('input', [counted(3, 10), ruleOf(4), counted(5, 7)], {
      handle: 1,
      ...baseOf('filter', 'input', -10),
    }),
    chainOf('output', [ruleOf(6)], { handle: 2, ...baseOf('filter', 'output') }),
  ],
  sets: [
    setOf('lookup', { handle: 7, isMap: true, to: ['verdict'], type: ['ipv4_addr', 'inet_service'] }),
    setOf('blocked', {
      handle: 8,
      elements: [
        { value: '192.0.2.1', expiresMs: 720_000 },
        { value: '192.0.2.2', expiresMs: 900_000 },
        { value: 'x' },
      ],
    }),
  ],
  counters: [counterOf('all', 9, { packets: 5, bytes: 500 })],
  others: [{ kind: 'flowtable', name: 'fast' }],
});
const ours = tableOf({ name: 'sluice', handle: 2, chains: [chainOf('block', [ruleOf(1)])] });
const ruleset = rulesetOf(filter, ours);

describe('a ruleset as rows', () => {
  it('is our own table, then the others as nft lists them: chains with their rules, sets, maps, counters', () => {
    const window = windowOf(ruleset);
    expect(window.rows.map(({ depth, kind, key }) => `${depth} ${kind} ${key}`)).toEqual([
      '0 table inet sluice',
      '1 chain inet sluice block',
      '2 rule inet sluice block 1',
      '0 table inet filter',
      '1 chain inet filter input',
      '2 rule inet filter input 3',
      '2 rule inet filter input 4',
      '2 rule inet filter input 5',
      '1 chain inet filter output',
      '2 rule inet filter output 6',
      '1 set inet filter @blocked',
      '1 map inet filter @lookup',
      '1 counter inet filter counter:all',
      '1 other inet filter flowtable:fast',
    ]);
    expect(window).toMatchObject({ at: 7, rules: 5, total: 14 });
    expect(window.rows.filter(({ ours: own }) => own)).toHaveLength(3);
  });

  it('tells of each what it is', () => {
    const about = new Map(windowOf(ruleset).rows.map((row) => [row.key, row.about]));
    expect(about.get('inet filter')).toBe('2 chains, 4 rules, 2 sets');
    expect(about.get('inet filter input')).toBe('filter, hook input, priority -10, policy accept');
    expect(about.get('inet sluice block')).toBe('no rule leads here');
    expect(about.get('inet filter @blocked')).toBe('ipv4_addr, 3 elements, next leaves in 12 min');
    expect(about.get('inet filter @lookup')).toBe('ipv4_addr . inet_service → verdict, 0 elements');
  });

  it('counts nothing where there is no counter, which is not zero', () => {
    const rows = new Map(windowOf(ruleset).rows.map((row) => [row.key, row]));
    expect(rows.get('inet filter input 3')).toMatchObject({
      counts: 'packets',
      packets: 10,
      packetRate: null,
    });
    expect(rows.get('inet filter input 4')).toMatchObject({ counts: 'none' });
    expect(rows.get('inet filter input 4')).not.toHaveProperty('packets');
    expect(rows.get('inet filter counter:all')).toMatchObject({ counts: 'packets', packets: 5, bytes: 500 });
  });

  it('counts connections in a nat chain, and in what only nat chains lead to', () => {
    const map = setOf('ports', {
      isMap: true,
      to: ['verdict'],
      elements: [{ value: 80, data: { goto: { target: 'by-map' } } }],
    });
    const nat = rulesetOf(
      tableOf({
        chains: [
          chainOf(
            'pre',
            [
              ruleOf(1, { expressions: [goTo('one')] }),
              ruleOf(2, { expressions: [{ vmap: { key: {}, data: { set: [[1, goTo('two')]] } } }] }),
              ruleOf(3, { expressions: [{ vmap: { key: {}, data: '@ports' } }] }),
              counted(4, 1),
            ],
            baseOf('nat', 'prerouting'),
          ),
          chainOf('input', [ruleOf(5, { expressions: [jump('two')] })], baseOf('filter', 'input')),
          chainOf('one', [ruleOf(6, { counter: { name: 'only', packets: 1, bytes: 1 } })]),
          chainOf('two', [counted(7, 1)]),
          chainOf('by-map', [counted(8, 1)]),
          chainOf('nobody', [counted(9, 1)]),
        ],
        sets: [map],
        counters: [counterOf('only', 30, { packets: 1, bytes: 1 })],
      }),
    );
    const counts = new Map(windowOf(nat).rows.map(({ key, counts: of }) => [key, of]));
    expect(counts.get('inet filter pre 4')).toBe('connections');
    expect(counts.get('inet filter one 6')).toBe('connections');
    // Filter chains lead there as well.
    expect(counts.get('inet filter two 7')).toBe('packets');
    expect(counts.get('inet filter by-map 8')).toBe('connections');
    expect(counts.get('inet filter nobody 9')).toBe('packets');
    expect(counts.get('inet filter counter:only')).toBe('connections');
  });

  it('hides what is folded, and still says how much it is', () => {
    const window = windowOf(ruleset, { folded: ['inet sluice', 'inet filter input'] });
    expect(keys(window).slice(0, 4)).toEqual([
      'inet sluice',
      'inet filter',
      'inet filter input',
      'inet filter output',
    ]);
    expect(window.rows.map(({ children }) => children).slice(0, 3)).toEqual([1, 6, 3]);
    expect(window.total).toBe(9);
  });

  it('is one window of it, and explains no more than that', () => {
    const window = windowOf(ruleset, { offset: 5, limit: 2 });
    expect(keys(window)).toEqual(['inet filter input 3', 'inet filter input 4']);
    expect(window.total).toBe(14);
    expect(window.words.explained).toBe(2);
    expect(window.rows[0]?.explanation).toEqual(['Explains 3.']);
    expect(windowOf(ruleset, { offset: 99 }).rows).toEqual([]);
  });

  it('marks what is not understood', () => {
    const odd = rulesetOf(tableOf({ chains: [chainOf('c', [ruleOf(13), ruleOf(14)])] }));
    expect(windowOf(odd).rows.map(({ understood }) => understood)).toEqual([true, true, false, true]);
  });

  it('has what every word of the filter is in, of a row, the names above it or its explanation', () => {
    expect(keys(windowOf(ruleset, { filter: 'INPUT  5' }))).toEqual([
      'inet filter',
      'inet filter input',
      'inet filter input 5',
    ]);
    expect(keys(windowOf(ruleset, { filter: 'explains 6' }))).toEqual([
      'inet filter',
      'inet filter output',
      'inet filter output 6',
    ]);
    expect(keys(windowOf(ruleset, { filter: 'blocked' }))).toEqual(['inet filter', 'inet filter @blocked']);
    expect(windowOf(ruleset, { filter: 'nothing of it' })).toMatchObject({ total: 0, rules: 5, rows: [] });
  });

  it('orders the rules of a chain by traffic, equal ones as the kernel has them', () => {
    const busy = (packets: readonly number[]) =>
      rulesetOf(
        tableOf({
          chains: [
            chainOf(
              'c',
              packets.map((many, index) => counted(index + 1, many)),
            ),
          ],
        }),
      );
    const read = ({ tables }: Ruleset, before: Rates, at: number) =>
      ratesOf(
        before,
        tables.flatMap((table) => [...countedIn(table)]),
        at,
      );
    const rates = read(busy([10, 90, 10, 50]), read(busy([0, 0, 0, 0]), new Map(), 0), 1_000);
    const window = windowOf(busy([10, 90, 10, 50]), { order: 'traffic' }, rates);
    expect(window.rows.slice(2).map(({ text, packetRate }) => `${text}: ${packetRate}`)).toEqual([
      'rule 2: 90',
      'rule 4: 50',
      'rule 1: 10',
      'rule 3: 10',
    ]);
    expect(window.mostPacketRate).toBe(90);
  });

  it('shows foreign names as what they are', () => {
    const hostile = rulesetOf(
      tableOf({ name: 'a\x1b[2J', chains: [chainOf('b\u202e', [])], sets: [setOf('c\n')] }),
    );
    const text = JSON.stringify(windowOf(hostile).rows);
    expect(text).not.toMatch(/\\u001b|\\n|\u202e/);
    expect(text).toContain('x1b');
  });
});
