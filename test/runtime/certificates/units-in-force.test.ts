import { describe, expect, it } from 'vitest';
import type { Leaf, TlsUnit } from '../../../src/config/certificates/tls-unit.ts';
import {
  hasRunOut,
  judge,
  settleMs,
  settlesIn,
  unitsInForce,
} from '../../../src/runtime/certificates/units-in-force.ts';

const start = 1_000_000;

const pair = (content: string, serialNumber = '1'): TlsUnit => ({
  id: 'pair /a.pem /a.key',
  kind: 'pair',
  paths: ['/a.pem', '/a.key'],
  problems: [],
  files: [{ path: '/a.pem', content }],
  leaf: { serialNumber } as Leaf,
});
const broken = (message: string, missing?: true): TlsUnit => ({
  ...pair(''),
  files: [],
  problems: [{ severity: 'error', file: '/a.key', at: [], message, ...(missing && { missing }) }],
});
const response = (content: string, serialNumber = '1', nextUpdate = start + 60_000): TlsUnit => ({
  id: 'ocsp /a.ocsp /a.pem',
  kind: 'ocsp',
  paths: ['/a.ocsp'],
  certificate: '/a.pem',
  problems: [],
  files: [{ path: '/a.ocsp', content }],
  ocsp: { status: 'good', serialNumber, thisUpdate: start, nextUpdate },
});
const unreadable: TlsUnit = {
  ...response(''),
  files: [],
  problems: [{ severity: 'error', file: '/a.ocsp', at: [], message: 'damaged' }],
};

/** Looks one after the other, each with what is on disk then; answers what was told at each. */
function looks(first: readonly TlsUnit[], ...later: readonly (readonly [at: number, ...units: TlsUnit[]])[]) {
  let units = unitsInForce(first, start);
  const told = later.map(([at, ...read]) => {
    const judged = judge(units, read, start + at);
    ({ units } = judged);
    return [judged.changed, ...judged.events.map(({ kind }) => kind)];
  });
  const contents = [...units.values()].map(({ unit }) => unit.files[0]?.content ?? '');
  return { told, contents, disks: [...units.values()].map(({ disk }) => disk.state) };
}

const later = settleMs;

describe('a pair', () => {
  it.each([
    ['as it was', [[1, pair('a')]], [[false]], 'a', 'same'],
    ['another', [[1, pair('b')]], [[true, 'replaced']], 'b', 'same'],
    [
      'half written, then whole',
      [
        [1, broken('x')],
        [2, pair('b')],
      ],
      [[false], [true, 'replaced']],
      'b',
      'same',
    ],
    [
      'broken for a moment',
      [
        [1, broken('x')],
        [2, pair('a')],
      ],
      [[false], [false]],
      'a',
      'same',
    ],
    [
      'broken',
      [
        [1, broken('x')],
        [1 + later, broken('x')],
      ],
      [[false], [false, 'refused']],
      'a',
      'refused',
    ],
    [
      'broken in the same way is told of once',
      [
        [1, broken('x')],
        [1 + later, broken('x')],
        [2 + later, broken('x')],
      ],
      [[false], [false, 'refused'], [false]],
      'a',
      'refused',
    ],
    [
      'broken in two ways',
      [
        [1, broken('x')],
        [1 + later, broken('x')],
        [2 + later, broken('y', true)],
      ],
      [[false], [false, 'refused'], [false, 'refused']],
      'a',
      'missing',
    ],
    [
      'right again',
      [
        [1, broken('x')],
        [1 + later, broken('x')],
        [2 + later, pair('a')],
      ],
      [[false], [false, 'refused'], [false, 'restored']],
      'a',
      'same',
    ],
    [
      'another after a broken one',
      [
        [1, broken('x')],
        [1 + later, broken('x')],
        [2 + later, pair('b')],
      ],
      [[false], [false, 'refused'], [true, 'replaced']],
      'b',
      'same',
    ],
  ] as const)('%s', (_, steps, told, content, disk) => {
    expect(looks([pair('a')], ...steps)).toEqual({ told, contents: [content], disks: [disk] });
  });
});

describe('an OCSP response', () => {
  const both = [pair('a'), response('r')];
  it.each([
    ['a newer one', [[1, pair('a'), response('s')]], [[true, 'replaced']], ['a', 's']],
    ['a broken one leaves the one before', [[1, pair('a'), unreadable]], [[false]], ['a', 'r']],
    [
      'until that runs out',
      [
        [1, pair('a'), unreadable],
        [60_000, pair('a'), unreadable],
      ],
      [[false], [true, 'refused']],
      ['a', ''],
    ],
    ['that ran out goes', [[60_000, pair('a'), response('r')]], [[true]], ['a', '']],
    ['goes with its certificate', [[1, pair('b', '2'), response('r')]], [[true, 'replaced']], ['b', '']],
    [
      'comes with its certificate',
      [[1, pair('b', '2'), response('s', '2')]],
      [[true, 'replaced', 'replaced']],
      ['b', 's'],
    ],
    [
      'of a certificate that is not served yet leaves the one before',
      [[1, broken('x'), response('s', '2')]],
      [[false]],
      ['a', 'r'],
    ],
  ] as const)('%s', (_, steps, told, contents) => {
    expect(looks(both, ...steps)).toMatchObject({ told, contents });
  });

  it('that runs out is noticed', () => {
    const units = unitsInForce(both, start);
    expect([0, 59_999, 60_000].map((at) => hasRunOut(units, start + at))).toEqual([false, false, true]);
  });
});

describe('how long until what is broken is told', () => {
  it.each([
    ['nothing is broken', [[1, pair('b')]], undefined],
    ['broken just now', [[1, broken('x')]], later],
    ['broken a second ago', [[-999, broken('x')]], later - 1_000],
    ['broken for longer than it takes', [[1 - 2 * later, broken('x')]], 0],
    [
      'told',
      [
        [1 - later, broken('x')],
        [1, broken('x')],
      ],
      undefined,
    ],
  ] as const)('%s', (_, looked, expected) => {
    let units = unitsInForce([pair('a')], start);
    for (const [at, read] of looked) ({ units } = judge(units, [read], start + at));
    expect(settlesIn(units, start + 1)).toBe(expected);
  });
});
