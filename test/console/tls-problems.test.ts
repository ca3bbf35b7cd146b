import { describe, expect, it } from 'vitest';
import { problemsOf } from '../../src/console/problems.ts';
import { noTraffic } from '../../src/console/traffic.ts';
import { switchName, type View } from '../../src/console/view.ts';
import type { MutableModel } from '../../src/domain/model.ts';
import { consoleIn } from './picture.ts';
import {
  addCertificate,
  addRoute,
  revertedByItself,
  tlsWorld,
  troubledTlsWorld,
  watched,
} from './tls-worlds.ts';
import { noon, wellWorld } from './worlds.ts';

const day = 24 * 60 * 60_000;

function texts(change: (model: MutableModel) => void, view: Partial<View> = {}): string[] {
  const model = wellWorld();
  change(model);
  const attach = { state: 'live', since: noon, role: 'operator', actor: 'anna' } as const;
  const seen = { model, attach, traffic: noTraffic, now: noon, present: noon, heardAt: noon, stale: false };
  return problemsOf({ ...seen, looked: new Set(), timeOfDay: String, ...view }).map(
    ({ sign, text }) => `${sign} ${text}`,
  );
}

describe('what is wrong with TLS', () => {
  it.each([
    [61 * day, []],
    [22 * day, []],
    [11 * day + 60_000, ['▲ *.apps.example.com expires in 11 d']],
    [3 * day + 60_000, ['▲ *.apps.example.com expires in 3 d']],
    [-2 * day, ['▼ *.apps.example.com expired 2 d ago']],
  ])('a certificate with %i ms left', (left, expected) => {
    expect(texts((model) => addCertificate(model, 'apps.pem', left))).toEqual(expected);
  });

  it('a certificate that does not hold yet', () => {
    expect(
      texts((model) => addCertificate(model, 'new.pem', 90 * day, { notBefore: noon + 2 * day })),
    ).toEqual(['▼ *.apps.example.com is not valid before 2 d from now']);
  });

  it('a file that is refused, and a certificate that was revoked', () => {
    const disk = { state: 'refused', text: 'the key is of another certificate' } as const;
    expect(
      texts((model) => addCertificate(model, 'a.pem', 90 * day, { disk, ocsp: { state: 'revoked' } })),
    ).toEqual([
      '▼ certificate *.apps.example.com is revoked',
      '▲ *.apps.example.com on disk refused: the key is of another certificate',
    ]);
  });

  it('a switch under watch, with its time and what failed', () => {
    expect(texts((model) => model.switch.set('shop', watched))).toEqual([
      '◐ shop: edge → reencrypt, watching 0:42, 0.4 % failed',
    ]);
    expect(texts((model) => model.switch.set('shop', { ...watched, after: null }))).toEqual([
      '◐ shop: edge → reencrypt, watching 0:42',
    ]);
    expect(
      texts((model) => model.switch.set('shop', { ...watched, phase: 'settled', endedAt: noon })),
    ).toEqual([]);
  });

  it('a switch that reverted by itself, until somebody looked, or some minutes passed', () => {
    const told = '▲ shop: switch to reencrypt reverted by itself: 43 % failed';
    const reverted = (model: MutableModel) => void model.switch.set('shop', revertedByItself);
    expect(texts(reverted)).toEqual([told]);
    expect(texts(reverted, { looked: new Set([switchName(revertedByItself)]) })).toEqual([]);
    expect(texts(reverted, { looked: new Set([switchName({ ...revertedByItself, startedAt: 1 })]) })).toEqual(
      [told],
    );
    expect(texts(reverted, { now: noon + 16 * 60_000 })).toEqual([]);
  });

  it('routes with warnings together and last, those without a certificate apart', () => {
    expect(
      texts((model) => {
        addCertificate(model, 'apps.pem', 61 * day);
        addRoute(
          model,
          'a',
          { termination: 'reencrypt' },
          { warnings: [{ about: 'route', text: 'verify: none' }] },
        );
      }),
    ).toEqual(['▲ a: verify: none']);
    expect(
      texts((model) => {
        addCertificate(model, 'apps.pem', 61 * day);
        addRoute(
          model,
          'a',
          { termination: 'reencrypt' },
          { warnings: [{ about: 'route', text: 'verify: none' }] },
        );
        addRoute(
          model,
          'b',
          { termination: 'reencrypt' },
          { warnings: [{ about: 'route', text: 'verify: none' }] },
        );
        addRoute(model, 'c', { termination: 'edge', certificate: 'gone.pem' });
        addRoute(model, 'd', { termination: 'passthrough', certificate: 'gone.pem' });
      }),
    ).toEqual(['▲ c: no certificate for its host', '▲ 2 routes with warnings']);
  });

  it('an override that is still watched is the switch, not a drift beside it', () => {
    const drift = (model: MutableModel) =>
      void model.drift.set('shop termination', {
        key: 'shop termination',
        route: 'shop',
        field: 'termination',
        configured: 'edge',
        running: 'reencrypt',
        by: 'anna',
        at: noon,
      });
    expect(texts(drift)).toEqual(['▲ 1 override differs from the configuration']);
    const both = texts((model) => {
      drift(model);
      model.switch.set('shop', watched);
    });
    expect(both.join()).not.toContain('override');
  });

  it('is not told any more once the route was opened', async () => {
    const model = tlsWorld();
    model.switch.set('shop', revertedByItself);
    const seat = await consoleIn(model);
    const problem = () => seat.show().split('\n')[2]!;
    expect(problem()).toContain('reverted by itself');
    seat.press('4', 'enter');
    expect(problem()).not.toContain('reverted');
    expect(seat.show()).toContain('▲ reverted by itself');
    seat.press('escape', '1');
    expect(problem()).not.toContain('reverted');
    seat.console.dispose();
  });

  it('does not shout: a world of troubles still fits its line', async () => {
    const seat = await consoleIn(troubledTlsWorld());
    expect(seat.show().split('\n')[2]!.length).toBeLessThanOrEqual(80);
    seat.console.dispose();
  });
});
