import { describe, expect, it } from 'vitest';
import type { SetElement } from '../../../../src/nft/ruleset/ruleset.ts';
import { checkParts } from '../../../../src/nft/table/check-parts.ts';
import { blockAddress, blockCounts, blockPart } from '../../../../src/nft/table/parts/block-part.ts';

const elementsOf = (address: string, comment = 'anna: scanning', until?: number) =>
  blockPart([{ address, comment, ...(until !== undefined && { until }) }]).sets.flatMap(
    ({ name, elements }) => elements.map((element) => ({ set: name, ...element })),
  );

it('is nothing at all where nobody is blocked: no packet pays for it', () => {
  expect(blockPart([])).toEqual({ counters: [], sets: [], chains: [] });
});

it('drops before connection tracking, and counts each family and each element', () => {
  const { chains, sets, counters } = blockPart([{ address: '192.0.2.7', comment: 'anna' }]);
  expect(chains).toMatchObject([
    { base: { type: 'filter', hook: 'prerouting', priority: -310 }, rules: [{}, {}] },
  ]);
  expect(sets.map(({ name, flags, counted }) => ({ name, flags, counted }))).toEqual([
    { name: 'block_v4', flags: ['interval', 'timeout'], counted: true },
    { name: 'block_v6', flags: ['interval', 'timeout'], counted: true },
  ]);
  expect(counters.map(({ name }) => name)).toEqual(['block_v4', 'block_v6']);
});

it.each([
  ['192.0.2.7', 'block_v4', '192.0.2.7'],
  ['198.51.100.0/24', 'block_v4', { prefix: { addr: '198.51.100.0', len: 24 } }],
  ['2001:db8::7', 'block_v6', '2001:db8::7'],
  ['2001:db8::/32', 'block_v6', { prefix: { addr: '2001:db8::', len: 32 } }],
])('%s is an element of %s, and read back as the same', (address, set, value) => {
  expect(elementsOf(address)).toEqual([{ set, value, comment: 'anna: scanning' }]);
  expect(blockAddress({ value })).toBe(address);
});

it('has the time at which the kernel lets go', () => {
  expect(elementsOf('192.0.2.7', 'anna', 5_000)).toMatchObject([{ until: 5_000 }]);
});

describe('who and why', () => {
  it.each([
    ['plain', 'anna: scanning'],
    ['with what a dump could not write', 'anna: "quoted" and "more"'],
    ['too long', `anna: ${'x'.repeat(200)}`],
    ['too long in characters of two bytes', `ä${'ö'.repeat(100)}`],
    ['too long in characters of three bytes', `anna: ${'漢'.repeat(90)}`],
    ['too long in characters of four bytes', `anna:  ${'🚀'.repeat(60)}`],
    ['too long in characters of four bytes, otherwise aligned', `ann: ${'🚀'.repeat(60)}`],
    ['…and otherwise', `an: ${'🚀'.repeat(60)}`],
    ['…and otherwise still', `a: ${'🚀'.repeat(60)}`],
  ])('fit in a comment of nft: %s', (_, comment) => {
    const [element] = elementsOf('192.0.2.7', comment);
    expect(() =>
      checkParts(new Map([['block', blockPart([{ address: '192.0.2.7', comment }])]])),
    ).not.toThrow();
    expect(comment.replaceAll('"', "'").startsWith(element!.comment!)).toBe(true);
  });
});

it('what was dropped is known by address; what is no address of a block is passed over', () => {
  const counter = { packets: 3, bytes: 120 };
  const elements: readonly SetElement[] = [
    { value: '192.0.2.7', counter },
    { value: { prefix: { addr: '2001:DB8::', len: 32 } }, counter },
    { value: '192.0.2.8' },
    { value: { range: ['192.0.2.10', '192.0.2.12'] }, counter },
    { value: { prefix: { addr: 5, len: '24' } }, counter },
    { value: null, counter },
  ];
  expect([...blockCounts(elements)]).toEqual([
    ['192.0.2.7', counter],
    ['2001:db8::/32', counter],
  ]);
});
