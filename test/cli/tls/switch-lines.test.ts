import { describe, expect, it } from 'vitest';
import { faresText, percent, watchEnd, watchLine } from '../../../src/cli/tls/switch-lines.ts';
import type { TlsSwitch } from '../../../src/domain/tls-switch.ts';

const fares = (attempts: number, failures: number, handshakeFailures = 0) => ({
  attempts,
  failures,
  handshakeFailures,
  clientErrors: 0,
  overMs: 60_000,
});

const watched = (over: Partial<TlsSwitch> = {}): TlsSwitch => ({
  route: 'shop',
  from: 'edge',
  to: 'reencrypt',
  phase: 'watching',
  by: 'anna',
  startedAt: 1_000,
  watchUntil: 61_000,
  threshold: 0.05,
  before: fares(1_000, 1),
  after: fares(310, 0),
  left: 12,
  closeAt: 0,
  ...over,
});

it('compares since with before', () => {
  expect(watchLine(watched(), 19_000)).toBe(
    'shop reencrypt, 42 s to go · before 0.1 % of 1.0 K failed · since 0 % of 310 failed · 12 left in edge',
  );
  expect(watchLine(watched({ phase: 'settled', left: 0, after: null }), 70_000)).toBe(
    'shop reencrypt · before 0.1 % of 1.0 K failed · since nobody came',
  );
});

it.each([
  [null, 'nobody came'],
  [fares(0, 0), 'nobody came'],
  [fares(10, 5, 5), '50 % of 10 failed, 5 in the handshake'],
])('%j is said as %s', (given, text) => expect(faresText(given)).toBe(text));

it.each([
  [0, '0 %'],
  [0.00001, '< 0.1 %'],
  [0.012, '1.2 %'],
  [0.125, '13 %'],
  [1, '100 %'],
])('share %d is %s', (share, text) => expect(percent(share)).toBe(text));

describe('the wait', () => {
  const first = watched();
  it('goes on while it is watched', () => {
    expect(watchEnd(first, watched({ after: fares(400, 1) }))).toBeUndefined();
  });

  it('is done when it settled', () => {
    expect(watchEnd(first, watched({ phase: 'settled' }))).toMatchObject({
      ending: 'done',
      text: expect.stringContaining('shop is reencrypt'),
    });
  });

  it('failed when it went back by itself, and says why', () => {
    expect(
      watchEnd(first, watched({ phase: 'reverted', text: '40 % fail, 5 % more are allowed' })),
    ).toMatchObject({
      ending: 'refused',
      text: expect.stringMatching(/went back to edge by itself: 40 % fail/),
      hint: expect.stringContaining('sluice tls switch shop reencrypt --preflight'),
    });
  });

  it.each([
    ['gone', undefined],
    ['replaced by another', watched({ startedAt: 30_000, to: 'passthrough' })],
  ])('failed when it is %s', (_, current) => {
    expect(watchEnd(first, current)).toMatchObject({
      ending: 'refused',
      hint: expect.stringContaining('journal'),
    });
  });
});
