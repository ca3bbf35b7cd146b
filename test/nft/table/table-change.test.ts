import { describe, expect, it } from 'vitest';
import { jhash } from '../../../src/domain/jhash.ts';
import { checkParts } from '../../../src/nft/table/check-parts.ts';
import { tableChange } from '../../../src/nft/table/table-change.ts';
import { contentOf, isEmptyContent } from '../../../src/nft/table/table-content.ts';
import { noPart, type TablePart, type WishedSet } from '../../../src/nft/table/table-part.ts';
import { strictKernel } from './strict-kernel.ts';

const now = 1_700_000_000_000;

function partWith(elements: WishedSet['elements'], over: Partial<WishedSet> = {}): TablePart {
  return {
    counters: [],
    sets: [{ name: 's', type: ['ipv4_addr'], flags: ['timeout'], counted: true, elements, ...over }],
    chains: [],
  };
}
const change = (before: TablePart | undefined, after: TablePart, at = now) =>
  tableChange(before && contentOf([before], now), contentOf([after], at), at);

describe('the change of our table', () => {
  it('is nothing where nothing differs, and nothing where there was and is nothing', () => {
    const part = partWith([{ value: '10.0.0.1', until: now + 60_000 }]);
    expect(change(part, part)).toEqual([]);
    expect(change(undefined, noPart)).toEqual([]);
  });

  it('removes the table where nothing is left', () => {
    expect(change(partWith([]), noPart)).toEqual([
      { add: { table: { family: 'inet', name: 'sluice' } } },
      { delete: { table: { family: 'inet', name: 'sluice' } } },
    ]);
  });

  it('tells elements that differ alone, with the time that they have left', () => {
    const before = partWith([
      { value: '10.0.0.1' },
      { value: '10.0.0.2', comment: 'a' },
      { value: '10.0.0.3' },
    ]);
    const after = partWith([
      { value: '10.0.0.1' },
      { value: '10.0.0.2', comment: 'b' },
      { value: '10.0.0.4', until: now + 1_500 },
    ]);
    const set = { family: 'inet', table: 'sluice', name: 's' };
    expect(change(before, after).slice(1)).toEqual([
      { delete: { element: { ...set, elem: ['10.0.0.2', '10.0.0.3'] } } },
      {
        add: {
          element: {
            ...set,
            elem: [{ elem: { val: '10.0.0.2', comment: 'b' } }, { elem: { val: '10.0.0.4', timeout: 2 } }],
          },
        },
      },
    ]);
  });

  it('leaves alone what the kernel let go by itself, and what will go at the same moment', () => {
    const before = partWith([
      { value: '10.0.0.1', until: now + 1_000 },
      { value: '10.0.0.2', until: now + 60_000 },
    ]);
    expect(change(before, partWith([{ value: '10.0.0.2', until: now + 60_900 }]), now + 5_000)).toEqual([]);
  });

  it('splits very many elements', () => {
    const many = Array.from({ length: 2_500 }, (_, n) => ({ value: `10.0.${n >> 8}.${n & 255}` }));
    expect(change(undefined, partWith(many)).filter(({ add }) => add && 'element' in add)).toHaveLength(3);
  });

  it('is one that the kernel takes, whatever was before and comes next', () => {
    for (let seed = 0; seed < 60; seed += 1) {
      const kernel = strictKernel();
      let has: ReturnType<typeof contentOf> | undefined;
      for (let step = 0; step < 40; step += 1) {
        const wished = contentOf([randomPart((n) => jhash([seed, step, n & 255, n >> 8], 7))], now);
        kernel.transact(tableChange(has, wished, now));
        has = isEmptyContent(wished) ? undefined : wished;
        expect([...(kernel.table?.counters.keys() ?? [])].sort()).toEqual([...wished.counters.keys()].sort());
        expect([...(kernel.table?.sets.keys() ?? [])].sort()).toEqual([...wished.sets.keys()].sort());
        expect([...(kernel.table?.chains.keys() ?? [])].sort()).toEqual([...wished.chains.keys()].sort());
        for (const [name, { elements, spec }] of wished.sets) {
          expect([...kernel.table!.sets.get(name)!.elements.keys()].sort()).toEqual(
            [...elements.keys()].sort(),
          );
          expect(kernel.table!.sets.get(name)!.spec.map).toEqual(spec.to);
        }
        for (const [name, { rules, base }] of wished.chains) {
          expect(kernel.table!.chains.get(name)!.rules.map(({ expr }) => expr)).toEqual(
            rules.map(({ expressions }) => expressions),
          );
          expect(kernel.table!.chains.get(name)!.spec.prio).toBe(base?.priority);
        }
      }
    }
  });
});

/** Rules, maps and chains that refer to one another, at random. */
function randomPart(random: (n: number) => number): TablePart {
  const some = (n: number, of: readonly string[]) =>
    of.filter((_, index) => random(n * 10 + index) % 2 === 0);
  const counters = some(1, ['c1', 'c2', 'c3']);
  const goals = some(2, ['g1', 'g2', 'g3']);
  const sets: WishedSet[] = some(3, ['s1', 's2', 's3', 's4']).map((name, at): WishedSet => {
    const kind = random(100 + at) % 3;
    const to =
      kind === 0 || (kind === 1 && counters.length === 0) || (kind === 2 && goals.length === 0)
        ? undefined
        : kind === 1
          ? 'counter'
          : 'verdict';
    return {
      name,
      type: [random(110 + at) % 2 === 0 ? 'ipv4_addr' : 'inet_service'],
      ...(to !== undefined && { to }),
      flags: [],
      counted: random(120 + at) % 2 === 0,
      elements: some(130 + at, ['1', '2', '3']).map((value, n) => ({
        value,
        ...(to === 'counter' && { data: counters[random(200 + at * 5 + n) % counters.length]! }),
        ...(to === 'verdict' && {
          data: { goto: { target: goals[random(300 + at * 5 + n) % goals.length]! } },
        }),
      })),
    };
  });
  const rules = (n: number) =>
    some(n, ['r1', 'r2', 'r3']).map((_, at) => ({
      expressions: [
        ...(counters.length > 0 ? [{ counter: counters[random(n + at) % counters.length]! }] : []),
        ...(sets.length > 0
          ? [{ vmap: { key: 'x', data: `@${sets[random(n + at + 20) % sets.length]!.name}` } }]
          : []),
      ],
    }));
  return {
    counters: counters.map((name) => ({ name, comment: '' })),
    sets,
    chains: [
      ...goals.map((name) => ({ name, rules: [] })),
      ...some(4, ['b1', 'b2']).map((name, at) => ({
        name,
        base: { type: 'filter', hook: 'input', priority: random(400 + at) % 2 } as const,
        rules: [
          ...rules(500 + at * 50),
          ...goals.slice(0, 1).map((target) => ({ expressions: [{ jump: { target } }] })),
        ],
      })),
    ],
  };
}

describe('parts', () => {
  it('may not have a name in common', () => {
    const part: TablePart = { ...noPart, chains: [{ name: 'input', rules: [] }] };
    expect(() =>
      checkParts(
        new Map([
          ['block', part],
          ['count', part],
        ]),
      ),
    ).toThrow('chain "input" is in the parts "block" and "count"');
  });

  it.each([
    ['twice', partWith([{ value: '10.0.0.1' }, { value: '10.0.0.1' }])],
    ['leads somewhere', partWith([{ value: '10.0.0.1', data: 'x' }])],
    ['leads nowhere', partWith([{ value: '10.0.0.1' }], { to: 'counter' })],
    ['more than 127 bytes', partWith([{ value: '10.0.0.1', comment: 'x'.repeat(128) }])],
    ['of no type', partWith([], { type: [] })],
    ['a name that', { ...noPart, chains: [{ name: '', rules: [] }] }],
    ['a name that', { ...noPart, chains: [{ name: 'x'.repeat(101), rules: [] }] }],
  ] satisfies [string, TablePart][])('are refused where one is %s', (text, part) => {
    expect(() => checkParts(new Map([['block', part]]))).toThrow(text);
  });
});
