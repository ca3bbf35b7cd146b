// From `t` on a route to a switched TLS mode: what is asked of the runtime, and when nothing is.

import { describe, expect, it } from 'vitest';
import type { Preflight } from '../../src/domain/preflight.ts';
import { consoleIn, picture } from './picture.ts';
import {
  addCertificate,
  preflightOf,
  revertedByItself,
  tlsWorld,
  unsafePreflight,
  watched,
} from './tls-worlds.ts';
import { noon } from './worlds.ts';

async function onShop(model = tlsWorld()) {
  const seat = await consoleIn(model);
  seat.press('4');
  seat.feed();
  return seat;
}

async function checked(preflight: Preflight, model = tlsWorld()) {
  const seat = await onShop(model);
  seat.press('t', 'enter');
  seat.client.preflights[0]!.send(preflight);
  return seat;
}

type Seat = Awaited<ReturnType<typeof consoleIn>>;
const sent = (seat: Seat) => seat.client.commands.map(({ value }) => value);
const footerOf = (seat: Seat) => seat.show().split('\n').at(-1)!;

function switchMode(
  model: ReturnType<typeof tlsWorld>,
  name: string,
  termination: 'edge' | 'reencrypt' | 'passthrough',
) {
  const route = model.route.get(name)!;
  model.route.set(name, { ...route, tls: { ...route.tls!, termination } });
}

describe('a switch', () => {
  it('is chosen, checked, confirmed, and told', async () => {
    const seat = await onShop();
    seat.press('t');
    expect(seat.show()).toMatch(/▸ reencrypt/);
    expect(seat.show()).toMatch(/edge .* now/);
    expect(seat.client.preflights).toEqual([]);
    seat.press('enter');
    expect(seat.client.preflights[0]).toMatchObject({
      route: 'shop',
      termination: 'reencrypt',
      ended: false,
    });
    seat.client.preflights[0]!.send({
      ...preflightOf,
      findings: preflightOf.findings.slice(0, 1),
      pending: 3,
      verdict: 'running',
    });
    expect(seat.show()).toContain('● web/app1');
    expect(seat.show()).toContain('3 under way');
    seat.press('y');
    expect(seat.show()).toContain('the preflight is still under way');
    expect(sent(seat)).toEqual([]);
    seat.client.preflights[0]!.send(preflightOf);
    seat.press('y');
    expect(sent(seat)).toEqual([
      {
        kind: 'tls-switch',
        route: 'shop',
        termination: 'reencrypt',
        watchMs: 60_000,
        threshold: 0.05,
        closeMs: 0,
      },
    ]);
    expect(seat.client.conditions).toEqual([{ from: { termination: 'edge' } }]);
    expect(seat.client.preflights[0]!.ended).toBe(true);
    seat.clock.advance(500);
    expect(seat.show()).toContain('switch shop to reencrypt … 0.5 s');
    await seat.client.commands[0]!.answer({
      result: 'done',
      seq: 9,
      entry: 4,
      text: 'shop is reencrypt in 2 instances',
    });
    expect(seat.show()).toContain('● done: shop is reencrypt in 2 instances');
    seat.console.dispose();
  });

  it('takes its default, Cancel, on Enter', async () => {
    const seat = await checked(preflightOf);
    expect(seat.show()).toContain('[ Cancel ]');
    seat.press('enter');
    expect(seat.show()).not.toContain('Cancel');
    expect(sent(seat)).toEqual([]);
    expect(seat.client.preflights[0]!.ended).toBe(true);
    seat.console.dispose();
  });

  it('carries the settings that were turned', async () => {
    const seat = await checked(preflightOf);
    // From Cancel up: open connections, threshold, watch.
    seat.press('up', 'right', 'right', 'up', 'right', 'up', 'right', 'y');
    expect(sent(seat)[0]).toMatchObject({ closeMs: 300_000, threshold: 0.1, watchMs: 300_000 });
    seat.console.dispose();
  });

  it('goes on to another mode with Esc, and checks that one anew', async () => {
    const seat = await checked(preflightOf);
    seat.press('escape');
    expect(seat.client.preflights[0]!.ended).toBe(true);
    seat.press('up', 'up', 'enter');
    expect(seat.client.preflights[1]).toMatchObject({ termination: 'passthrough', ended: false });
    // What the first one still says is not this one's.
    seat.client.preflights[0]!.send(preflightOf);
    expect(seat.show()).not.toContain('web/app1');
    seat.press('escape', 'escape');
    expect(seat.show()).not.toContain('TLS mode of shop');
    seat.console.dispose();
  });

  it('is not made to the mode that is present', async () => {
    const seat = await onShop();
    seat.press('t', 'up', 'enter');
    expect(seat.show()).toContain('shop is edge already');
    expect(seat.client.preflights).toEqual([]);
    seat.console.dispose();
  });

  it('says in both footers what its keys do as things stand', async () => {
    const seat = await onShop();
    seat.press('t');
    expect(footerOf(seat)).toContain('Enter check  Esc close  ↓ next  ↑ previous');
    seat.press('enter');
    seat.client.preflights[0]!.send(preflightOf);
    expect(footerOf(seat)).toContain('y switch  Enter cancel  Esc other mode');
    expect(footerOf(seat)).not.toContain('← less');
    seat.press('down');
    expect(footerOf(seat)).toContain('Enter switch');
    seat.press('up', 'up');
    expect(footerOf(seat)).toContain('Enter next');
    expect(footerOf(seat)).toContain('← less  → more');
    seat.press('escape', 'escape');
    expect(seat.show()).not.toContain('TLS mode of shop');
    seat.console.dispose();
  });

  it('can be left only with q twice, and nothing is sent', async () => {
    const seat = await checked(preflightOf);
    seat.press('q');
    expect(seat.show()).toContain('q again leaves; nothing was sent');
    seat.press('q');
    await seat.console.left;
    expect(sent(seat)).toEqual([]);
    seat.console.dispose();
  });
});

describe('an unsafe switch', () => {
  it('is not sent by y, nor by the button', async () => {
    const seat = await checked(unsafePreflight);
    seat.press('y');
    expect(seat.show()).toContain('unsafe: type shop to switch all the same');
    seat.press('right', 'enter');
    expect(sent(seat)).toEqual([]);
    seat.console.dispose();
  });

  it("is sent once the route's name is typed, and says that it is forced", async () => {
    const seat = await checked(unsafePreflight);
    seat.press('up');
    seat.type('sho');
    seat.press('down', 'y');
    expect(sent(seat)).toEqual([]);
    seat.press('up');
    seat.type('p');
    seat.press('down', 'y');
    expect(sent(seat)).toEqual([expect.objectContaining({ kind: 'tls-switch', force: 'shop' })]);
    seat.console.dispose();
  });

  it('types a y into the name, and pastes into it, without switching', async () => {
    const seat = await checked(unsafePreflight);
    seat.press('up', 'y', 'q');
    seat.console.paste('shop');
    expect(seat.show()).toContain('Name  yqshop');
    expect(sent(seat)).toEqual([]);
    seat.console.dispose();
  });

  it('shows what is unsafe before anything else, however small the terminal and however long the list', async () => {
    const seat = await onShop();
    seat.press('t', 'enter');
    const good = Array.from({ length: 40 }, (_, index) => ({
      ...preflightOf.findings[0]!,
      subject: `web/app${index}`,
    }));
    seat.client.preflights[0]!.send({ ...unsafePreflight, findings: [...good, ...unsafePreflight.findings] });
    for (const size of [
      { columns: 60, rows: 15 },
      { columns: 80, rows: 24 },
      { columns: 200, rows: 60 },
    ]) {
      const shown = picture(seat.console.frame(size));
      expect(shown).toContain('▼ web/app3');
      expect(shown).toContain('[ Cancel ]');
      expect(shown).toContain('Type shop to switch all the same');
    }
    seat.console.dispose();
  });

  it('says truthfully what has no room, and leads to every line of it', async () => {
    const seat = await onShop();
    seat.press('t', 'enter');
    const words = (from: string) => Array.from({ length: 40 }, (_, index) => `${from}${index}`).join(' ');
    const findings = [
      { subject: 'web/app1', severity: 'good', text: words('good') },
      { subject: 'web/app2', severity: 'warning', text: words('warned'), remedy: words('remedy') },
      { subject: 'shop', severity: 'note', text: words('noted') },
      { subject: 'web/app3', severity: 'unsafe', text: words('failed') },
    ] as const;
    seat.client.preflights[0]!.send({ ...unsafePreflight, findings });
    expect(seat.show()).toMatch(/▾ PgDn \d+ more lines: .*1 warning, 1 note, 1 good/);
    const size = { columns: 80, rows: 24 };
    let seen = '';
    for (let page = 0; page < 12; page++) {
      seen += picture(seat.console.frame(size));
      seat.press('pagedown');
    }
    for (const word of ['good', 'warned', 'remedy', 'noted', 'failed'])
      for (let index = 0; index < 40; index++) expect(seen).toContain(`${word}${index}`);
    expect(seat.show()).toMatch(/▴ PgUp \d+ above/);
    expect(seat.show()).not.toContain('PgDn');
    for (let page = 0; page < 12; page++) seat.press('pageup');
    expect(seat.show()).toContain('▼ web/app3  failed0');
    expect(seat.show()).not.toContain('PgUp');
    seat.console.dispose();
  });

  it('takes a preflight that could not be begun for an unsafe one', async () => {
    const seat = await onShop();
    seat.press('t', 'enter');
    seat.client.preflights[0]!.fail('the runtime is older');
    expect(seat.show()).toContain('no preflight: the runtime is older');
    seat.press('y');
    expect(seat.show()).toContain('nothing was checked: type shop to switch all the same');
    expect(sent(seat)).toEqual([]);
    seat.console.dispose();
  });
});

describe('a world that moves under the question', () => {
  it('is checked anew where the mode changed meanwhile', async () => {
    const model = tlsWorld();
    const seat = await checked({ ...preflightOf, to: 'passthrough' }, model);
    switchMode(model, 'shop', 'passthrough');
    seat.client.changed();
    seat.press('y');
    expect(sent(seat)).toEqual([]);
    expect(seat.client.preflights).toHaveLength(2);
    expect(seat.show()).toContain('Switch shop: passthrough → reencrypt');
    expect(seat.show()).toContain('shop is passthrough meanwhile: look again');
    seat.client.preflights[1]!.send(preflightOf);
    seat.press('y');
    expect(seat.client.conditions).toEqual([{ from: { termination: 'passthrough' } }]);
    seat.console.dispose();
  });

  it('says of a route that vanished that it is gone, and sends nothing', async () => {
    const model = tlsWorld();
    const seat = await checked(preflightOf, model);
    model.route.delete('shop');
    seat.client.changed();
    expect(seat.show()).toContain('shop is not in the configuration any more');
    seat.press('y');
    expect(seat.show()).toContain('shop is gone: nothing was sent');
    expect(sent(seat)).toEqual([]);
    seat.console.dispose();
  });

  it('stays on its route though the rows moved', async () => {
    const model = tlsWorld();
    const seat = await checked(preflightOf, model);
    const shop = model.route.get('shop')!;
    model.route.delete('shop');
    model.route.set('shop', shop);
    seat.client.changed();
    seat.press('y');
    expect(sent(seat)[0]).toMatchObject({ route: 'shop' });
    seat.console.dispose();
  });

  it('begins the preflight again after a broken attachment', async () => {
    const seat = await checked(preflightOf);
    const live = seat.client.attach;
    seat.client.attachTo({
      state: 'waiting',
      since: noon,
      attempt: 1,
      retryAt: noon + 1_000,
      reason: 'broken',
    });
    seat.press('y');
    expect(seat.show()).toContain('not attached to the runtime');
    expect(sent(seat)).toEqual([]);
    seat.client.attachTo(live);
    expect(seat.show()).not.toContain('not attached to the runtime');
    expect(seat.client.preflights).toHaveLength(2);
    expect(seat.client.preflights[0]!.ended).toBe(true);
    // What the runtime before found is not taken for what this one would.
    seat.press('y');
    expect(seat.show()).toContain('the preflight has not answered yet');
    seat.client.preflights[1]!.send(unsafePreflight);
    expect(seat.show()).not.toContain('has not answered yet');
    expect(seat.show()).toContain('Clients would fail');
    seat.console.dispose();
  });

  it('follows the terminal through sizes', async () => {
    const seat = await checked(preflightOf);
    for (const [columns, rows] of [
      [60, 15],
      [200, 60],
      [30, 5],
      [80, 24],
    ] as const)
      seat.console.frame({ columns, rows });
    expect(seat.show()).toContain('Switch shop: edge → reencrypt');
    expect(seat.client.preflights).toHaveLength(1);
    seat.console.dispose();
  });

  it('ends the preflight when the console is closed', async () => {
    const seat = await checked(preflightOf);
    seat.console.dispose();
    expect(seat.client.preflights[0]!.ended).toBe(true);
  });
});

describe('a switch under watch', () => {
  it('makes room for a certificate that ends soon', async () => {
    const model = tlsWorld();
    model.switch.set('shop', watched);
    addCertificate(model, 'api.pem', 3 * 24 * 3_600_000 + 60_000, { names: ['api.example.com'] });
    model.route.delete('api');
    const seat = await onShop(model);
    const line = seat.show().split('\n')[2];
    expect(line).toContain('◐ shop: edge → reencrypt, watching 0:42');
    expect(line).toContain('▲ api.example.com expires in 3 d');
    seat.console.dispose();
  });
});

describe('the way back', () => {
  it('asks nothing while the switch is watched', async () => {
    const model = tlsWorld();
    switchMode(model, 'shop', 'reencrypt');
    model.switch.set('shop', watched);
    const seat = await onShop(model);
    expect(footerOf(seat)).toContain('r revert');
    seat.press('r');
    expect(sent(seat)).toEqual([{ kind: 'tls-revert', route: 'shop' }]);
    seat.console.dispose();
  });

  it('shows first what it would do later on', async () => {
    const model = tlsWorld();
    switchMode(model, 'shop', 'reencrypt');
    model.switch.set('shop', { ...watched, phase: 'settled', endedAt: noon });
    const seat = await onShop(model);
    seat.press('r');
    expect(seat.client.previews[0]!.value).toEqual({ kind: 'tls-revert', route: 'shop' });
    await seat.client.previews[0]!.answer({ title: 'revert', lines: [], from: { termination: 'reencrypt' } });
    seat.press('y');
    expect(sent(seat)).toEqual([{ kind: 'tls-revert', route: 'shop' }]);
    expect(seat.client.conditions).toEqual([{ from: { termination: 'reencrypt' } }]);
    seat.console.dispose();
  });

  it.each([
    ['D', 'reset-route'],
    ['W', 'write-back-route'],
  ])('%s: an override ends as it does on Backends', async (key, kind) => {
    const model = tlsWorld();
    switchMode(model, 'shop', 'reencrypt');
    const seat = await onShop(model);
    seat.press(key);
    expect(seat.client.previews[0]!.value).toEqual({ kind, route: 'shop' });
    await seat.client.previews[0]!.answer({ title: kind, lines: [{ tone: 'then', text: 'edge again' }] });
    seat.press('y');
    expect(sent(seat)).toEqual([{ kind, route: 'shop' }]);
    seat.console.dispose();
  });
});

describe('a key that cannot act says why', () => {
  it.each([
    ['r', 'shop is as configured, and no switch of it is known'],
    ['D', 'shop is as configured'],
    ['W', 'shop is as configured'],
  ])('%s: %s', async (key, why) => {
    const seat = await onShop();
    seat.press(key);
    expect(seat.show()).toContain(why);
    expect(sent(seat)).toEqual([]);
    seat.console.dispose();
  });

  it('to a viewer', async () => {
    const seat = await onShop();
    seat.client.attachTo({ state: 'live', since: noon, role: 'viewer', actor: 'eve' });
    seat.press('t');
    expect(seat.show()).toContain('eve has the role viewer here; this takes an operator');
    expect(seat.client.preflights).toEqual([]);
    seat.console.dispose();
  });

  it('of an engine that cannot', async () => {
    const model = tlsWorld();
    const runtime = model.runtime.get('runtime')!;
    const tls = { no: 'this engine carries no TLS' };
    model.runtime.set('runtime', { ...runtime, capabilities: { ...runtime.capabilities, tls } });
    const seat = await onShop(model);
    seat.press('t');
    expect(seat.show()).toContain('this engine carries no TLS');
    seat.console.dispose();
  });

  it('of a route without tls, and of one that reverted by itself', async () => {
    const model = tlsWorld();
    model.switch.set('shop', revertedByItself);
    const seat = await onShop(model);
    seat.press('r');
    expect(seat.show()).toContain('shop was reverted by itself already');
    seat.press('G', 't');
    expect(seat.show()).toContain('status is configured without tls: it has no mode to switch');
    seat.console.dispose();
  });

  it('of a switch that is still watched, before it is written back', async () => {
    const model = tlsWorld();
    switchMode(model, 'shop', 'reencrypt');
    model.switch.set('shop', watched);
    const seat = await onShop(model);
    seat.press('W');
    expect(seat.show()).toContain('still watched: it may revert by itself');
    seat.console.dispose();
  });
});
