// Routes and Certificates: what their rows say, what they ask of the runtime, and how one leads to the other.

import { describe, expect, it } from 'vitest';
import { consoleIn, large, middle } from './picture.ts';
import {
  addCertificate,
  addRoute,
  revertedByItself,
  tlsWorld,
  troubledTlsWorld,
  watched,
} from './tls-worlds.ts';
import { noon } from './worlds.ts';

const day = 24 * 60 * 60_000;

async function onRoutes(model = tlsWorld(), size?: Parameters<typeof consoleIn>[1]) {
  const seat = await consoleIn(model, size);
  seat.press('4');
  seat.feed();
  const row = (name: string) =>
    seat
      .show()
      .split('\n')
      .find((line) => line.includes(name)) ?? '';
  return { ...seat, row };
}

describe('Routes', () => {
  it('lists them as configured, in all three modes and without', async () => {
    const seat = await onRoutes();
    const rows = seat.show().split('\n').slice(6, 10);
    expect(rows.map((line) => line.slice(1).split(' ')[0])).toEqual([
      'shop.apps.example.com',
      'pay.apps.example.com',
      'api.apps.example.com',
      'status.apps.example.com',
    ]);
    expect(seat.row('shop.')).toMatch(/edge +web 90 · ca.* 1,204 +0\.4 +244 d$/);
    // A certificate of ours is not shown where the server's own reaches the client.
    expect(seat.row('pay.')).toMatch(/passthrough +pay +88 +0 +–$/);
    expect(seat.row('api.')).toMatch(/\/v2 +▲ reencrypt +api/);
    expect(seat.row('status.')).toMatch(/– +web .* –$/);
    expect(seat.show()).toContain(' 4 routes · 1 passthrough · 1 edge · 1 reencrypt · 1 without TLS');
    seat.console.dispose();
  });

  it('marks what is not as configured, in full where there is room', async () => {
    const narrow = await onRoutes(troubledTlsWorld());
    expect(narrow.row('shop.')).toContain('reenc ≠edge');
    narrow.console.dispose();
    const model = tlsWorld();
    const shop = model.route.get('shop')!;
    model.route.set('shop', { ...shop, tls: { ...shop.tls!, termination: 'passthrough' } });
    const wide = await onRoutes(model, { columns: 159, rows: 40 });
    expect(wide.row('shop.')).toContain('passthrough ≠edge');
    wide.console.dispose();
  });

  it.each([
    ['watching', watched, '◐ edge → reencrypt, watching 0:42  failed 0.1 % → 0.4 %  212 in edge'],
    ['without traffic', { ...watched, before: null, after: null, left: 0 }, 'watching 0:42  failed – → –'],
    [
      'ending the old ones',
      { ...watched, closeAt: noon + 300_000 },
      'failed 0.1 % → 0.4 %  212 in edge, 5:00',
    ],
    [
      'settled',
      { ...watched, phase: 'settled', endedAt: noon - 1_000 } as const,
      '● edge → reencrypt, no worse  failed 0.1 % → 0.4 %',
    ],
    ['reverted', revertedByItself, '▲ reencrypt → edge reverted by itself  failed 0.1 % → 43 %'],
  ])('tells of a switch that is %s', async (_, change, expected) => {
    const model = tlsWorld();
    model.switch.set('shop', change);
    const seat = await onRoutes(model);
    expect(seat.show()).toContain(expected);
    seat.console.dispose();
  });

  it('forgets the outcome of a switch after some minutes', async () => {
    const model = tlsWorld();
    model.switch.set('shop', { ...watched, phase: 'settled', endedAt: noon - 6 * 60_000 });
    const seat = await onRoutes(model);
    expect(seat.show()).not.toContain('no worse');
    seat.press('enter');
    expect(seat.show()).toContain('● settled');
    seat.console.dispose();
  });

  it('warns where there is no certificate, and where the file on disk is refused', async () => {
    const model = tlsWorld();
    addRoute(model, 'bare', { termination: 'edge', certificate: 'gone.pem' });
    addCertificate(model, 'shop.pem', 3 * day + 1, { disk: { state: 'refused', text: 'broken' } });
    const seat = await onRoutes(model);
    expect(seat.row('bare.')).toMatch(/▲ edge .* none$/);
    expect(seat.row('shop.')).toMatch(/▲3 d$/);
    seat.console.dispose();
  });

  it('is filtered by words of name, mode, backend and state', async () => {
    const seat = await onRoutes();
    seat.press('/');
    seat.type('passthrough');
    seat.press('enter');
    expect(seat.show()).toContain('1 match  passthrough');
    expect(seat.row('shop.')).toBe('');
    expect(seat.row('pay.')).not.toBe('');
    seat.press('/');
    seat.type('and none');
    seat.press('enter');
    expect(seat.show()).toContain('No route matches passthrough and none');
    seat.press('escape');
    expect(seat.row('shop.')).not.toBe('');
    seat.console.dispose();
  });

  it('is sampled only while it is looked at', async () => {
    const seat = await consoleIn(tlsWorld());
    expect([...seat.client.topics]).not.toContain('routes');
    seat.press('4');
    expect([...seat.client.topics]).toContain('routes');
    expect([...seat.client.topics]).not.toContain('backends');
    seat.press('8');
    expect([...seat.client.topics]).toEqual(['totals']);
    seat.console.dispose();
  });

  it('keeps its cursor on the route when rows move', async () => {
    const model = tlsWorld();
    const seat = await onRoutes(model);
    seat.press('j');
    expect(seat.row('›')).toContain('pay.apps');
    const shop = model.route.get('shop')!;
    model.route.delete('shop');
    model.route.set('shop', shop);
    seat.client.changed();
    expect(seat.row('›')).toContain('pay.apps');
    seat.console.dispose();
  });

  it('has its detail beside it on a wide terminal, and more columns before that', async () => {
    const wide = await onRoutes(troubledTlsWorld(), large);
    expect(wide.show()).toContain('required: its servers must show a certificate that we trust');
    wide.console.dispose();
    const seat = await onRoutes(troubledTlsWorld(), middle);
    expect(seat.show()).toMatch(/plain HTTP +pass +edge +reenc +hs\/s/);
    seat.console.dispose();
  });

  it('says of a route that left what became of it', async () => {
    const model = tlsWorld();
    const seat = await onRoutes(model);
    seat.press('enter');
    expect(seat.show()).toContain('max-age=31536000;includeSubDomains');
    model.route.delete('shop');
    seat.client.changed();
    expect(seat.show()).toContain('shop is not in the configuration any more. Esc goes back.');
    seat.press('t', 'c', 'r', 'escape');
    expect(seat.row('pay.')).not.toBe('');
    seat.console.dispose();
  });

  it('leads to the certificate that its clients are shown', async () => {
    const seat = await onRoutes();
    seat.press('enter', 'c');
    expect(seat.show()).toContain('CN=shop.apps.example.com');
    seat.press('escape');
    expect(seat.row('›')).toContain('shop.apps.example.com +1');
    seat.console.dispose();
  });

  it('is found by name, and so are certificates', async () => {
    const seat = await consoleIn(tlsWorld());
    seat.press(':');
    seat.type('status');
    seat.press('enter');
    expect(seat.show()).toMatch(/› ?status\.apps/);
    seat.press(':');
    seat.type('shop.pem');
    seat.press('enter');
    expect(seat.show()).toMatch(/› ?shop\.apps\.example\.com \+1/);
    seat.press(':');
    seat.type('certificates');
    seat.press('enter');
    expect(seat.show()).toContain('2 certificates');
    seat.console.dispose();
  });
});

describe('Certificates', () => {
  it('has the first to expire on top, with what is wrong of each', async () => {
    const seat = await consoleIn(troubledTlsWorld());
    seat.press('8');
    const rows = seat.show().split('\n').slice(6, 11);
    expect(rows.map((line) => line.slice(1).split(' ')[0])).toEqual([
      'old.example.com',
      'legacy.apps.example.com',
      'img.example.com',
      '*.apps.example.com',
      'shop.apps.example.com',
    ]);
    expect(rows[0]).toMatch(/self-signed .* same +▲ refused +expired$/);
    expect(rows[1]).toMatch(/legacy +▲ refused +– +3 d$/);
    expect(rows[3]).toMatch(/default +\+1.* same +good +61 d$/);
    seat.console.dispose();
  });

  it('tells what on disk is refused, and why', async () => {
    const seat = await consoleIn(troubledTlsWorld());
    seat.press('8', 'j', 'enter');
    const shown = seat.show();
    expect(shown).toContain('▲ refused: the one before is served on');
    expect(shown).toMatch(/its key is not the one of its\s+certificate/);
    expect(shown).toContain('9f86d081 884c7d65 9a2feaa0 c55ad015');
    expect(shown).toMatch(/until +2026-03-06 16:05 UTC +in 3 d/);
    expect(shown).toMatch(/chain +2 certificates, leaf first/);
    seat.console.dispose();
  });

  it('is filtered by words', async () => {
    const seat = await consoleIn(troubledTlsWorld());
    seat.press('8', '/');
    seat.type('refused');
    seat.press('enter');
    expect(seat.show()).toContain('1 match  refused');
    seat.press('escape');
    expect(seat.show()).toContain('5 certificates');
    seat.console.dispose();
  });
});
