import { describe, expect, it } from 'vitest';
import type { Fares } from '../../src/domain/tls-switch.ts';
import {
  addTally,
  failedShare,
  failuresOf,
  faresOf,
  judgeSwitch,
  noTally,
  type Tally,
  tallyBetween,
} from '../../src/domain/tls-switch-rules.ts';

const fares = (failures: number, attempts: number): Fares => ({
  attempts,
  failures,
  handshakeFailures: 0,
  clientErrors: 0,
  overMs: 1_000,
});
const rejected = (clientErrors: number, attempts: number): Fares => ({ ...fares(0, attempts), clientErrors });

describe('judgeSwitch', () => {
  const watched = {
    now: 10_000,
    startedAt: 0,
    watchUntil: 60_000,
    threshold: 0.05,
    before: fares(2, 1_000),
    after: null,
    recent: null,
  };
  const cases: [string, Partial<Parameters<typeof judgeSwitch>[0]>, ReturnType<typeof judgeSwitch>][] = [
    ['goes on while nothing comes', {}, 'go-on'],
    ['goes on while it is no worse', { after: fares(2, 1_000) }, 'go-on'],
    ['goes on at the threshold', { after: fares(52, 1_000) }, 'go-on'],
    ['reverts beyond the threshold', { after: fares(53, 1_000) }, 'revert'],
    ['waits for enough attempts', { after: fares(15, 19) }, 'go-on'],
    ['is enough with twenty', { after: fares(3, 20) }, 'revert'],
    ['takes one failure for chance', { after: fares(1, 20), threshold: 0.01 }, 'go-on'],
    ['looks at some seconds first', { now: 2_999, after: fares(5, 40) }, 'go-on'],
    ['looks after them', { now: 3_000, after: fares(5, 40) }, 'revert'],
    [
      'does not wait where it is blatant',
      { now: 400, after: fares(11, 20), recent: fares(11, 20) },
      'revert',
    ],
    ['takes half for not blatant', { now: 400, after: fares(10, 20), recent: fares(10, 20) }, 'go-on'],
    ['reverts where nearly all are answered 4xx', { now: 400, recent: rejected(19, 20) }, 'revert'],
    ['takes some 4xx for what clients ask', { now: 400, recent: rejected(50, 100) }, 'go-on'],
    [
      'does not mind 4xx where they were usual',
      { before: rejected(45, 100), after: rejected(90, 100), recent: rejected(90, 100) },
      'go-on',
    ],
    ['sees what breaks late', { now: 50_000, after: fares(30, 50_000), recent: fares(30, 40) }, 'revert'],
    [
      'does not blame the switch for what failed before',
      { before: fares(60, 100), after: fares(60, 100), recent: fares(60, 100) },
      'go-on',
    ],
    ['settles at the end', { now: 60_000, after: fares(0, 5) }, 'settle'],
    ['settles where nothing came by', { now: 60_000 }, 'settle'],
    ['reverts at the end on few attempts', { now: 60_000, after: fares(2, 4) }, 'revert'],
    ['settles on one failure of one', { now: 60_000, after: fares(1, 1) }, 'settle'],
    ['compares with nothing where nothing came before', { before: null, after: fares(2, 20) }, 'revert'],
    ['never reverts at a threshold of all', { threshold: 1, now: 60_000, after: fares(50, 50) }, 'settle'],
    ['reverts on any more at a threshold of nothing', { threshold: 0, after: fares(5, 1_000) }, 'revert'],
  ];
  it.each(cases)('%s', (_, over, verdict) => {
    expect(judgeSwitch({ ...watched, ...over })).toBe(verdict);
  });
});

describe('tallies', () => {
  const sample = (over: Partial<Parameters<typeof tallyBetween>[1]> = {}) => ({
    total: 0,
    status: [0, 0, 0, 0, 0] as [number, number, number, number, number],
    connectErrors: 0,
    serverAborts: 0,
    handshakes: 0,
    handshakeFailures: 0,
    failingClients: 0,
    passedHandshakes: 0,
    passedHandshakeFailures: 0,
    ...over,
  });

  it('counts a handshake and the request after it as one attempt', () => {
    const after = sample({ total: 10, handshakes: 4, handshakeFailures: 1, failingClients: 1 });
    const tally = tallyBetween(undefined, after);
    expect(tally).toEqual({
      ...noTally,
      streams: 10,
      handshakes: 4,
      handshakeFailures: 1,
      failingClients: 1,
    });
    expect(faresOf(tally, 1_000)?.attempts).toBe(11);
    expect(tallyBetween(after, after)).toEqual(noTally);
  });

  it('takes every request that fails after a good handshake for all of them', () => {
    const after = sample({ total: 10, handshakes: 10, status: [0, 0, 0, 0, 10], connectErrors: 10 });
    expect(faresOf(tallyBetween(undefined, after), 1_000)).toMatchObject({ attempts: 10, failures: 10 });
  });

  it('takes a counter that went back for nothing', () => {
    expect(tallyBetween(sample({ total: 10 }), sample({ total: 3 }))).toEqual(noTally);
  });

  it.each<[Partial<Tally>, number]>([
    [{ refusals: 5, broken: 5 }, 5],
    [{ refusals: 5, broken: 2, handshakeFailures: 3 }, 8],
    [{ broken: 4 }, 4],
  ])('counts a request that a server failed once: %o is %i', (over, failures) => {
    expect(failuresOf({ ...noTally, ...over })).toBe(failures);
  });

  it('is added field by field', () => {
    const a = Object.fromEntries(Object.keys(noTally).map((field, index) => [field, index + 1]));
    const twice = Object.fromEntries(Object.entries(a).map(([field, count]) => [field, count * 2]));
    expect(addTally(a as unknown as Tally, a as unknown as Tally)).toEqual(twice);
  });

  it('weighs clients that only fail, while others get through', () => {
    const hostile = { ...noTally, streams: 100, handshakes: 20, handshakeFailures: 150, failingClients: 1 };
    expect(faresOf(hostile, 1_000)).toMatchObject({ attempts: 101, failures: 1, handshakeFailures: 1 });
    // Requests over connections that were open before are no sign that anybody still gets in.
    expect(faresOf({ ...hostile, handshakes: 0 }, 1_000)).toMatchObject({ failures: 150 });
  });

  it('counts a connection that is passed through and fails once', () => {
    const passed = { ...noTally, streams: 30, handshakeFailures: 30, passedHandshakeFailures: 30 };
    expect(faresOf(passed, 1_000)).toMatchObject({ attempts: 30, failures: 30 });
    const some = { ...passed, passedHandshakes: 10, streams: 40, failingClients: 30 };
    expect(faresOf(some, 1_000)).toMatchObject({ attempts: 40, failures: 30 });
  });

  it('never has more failures than attempts', () => {
    expect(failedShare(faresOf({ ...noTally, streams: 2, broken: 5 }, 1_000))).toBe(1);
    expect(faresOf(noTally, 1_000)).toBeNull();
  });
});
