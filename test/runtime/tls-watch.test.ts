import { afterEach, describe, expect, it } from 'vitest';
import { EngineError } from '../../src/engine/engine.ts';
import { type TlsScene, tlsScene, toReencrypt } from './tls-scene.ts';

let on: TlsScene;
afterEach(() => on.close());

const shop = () => on.anna.client.model.switch.get('shop');

/** Some requests a second, of them refused ones. */
async function seconds(count: number, requests: number, refused = 0): Promise<void> {
  for (let second = 0; second < count; second += 1) {
    on.comes(requests, refused);
    await on.pass(1_000);
  }
}

async function watched(over: Partial<typeof toReencrypt> = {}): Promise<void> {
  on = await tlsScene();
  await on.pass(400);
  await seconds(60, 10);
  expect(await on.act({ ...toReencrypt, ...over })).toMatchObject({ result: 'done' });
}

describe('the watch of a switch', () => {
  it('compares with the minute before, and settles where it is no worse', async () => {
    await watched();
    expect(shop()).toMatchObject({ phase: 'watching', after: null });
    expect(shop()?.before?.failures).toBe(0);
    expect(shop()?.before?.attempts).toBeGreaterThan(550);
    await seconds(30, 10);
    expect(shop()?.after?.attempts).toBeGreaterThan(250);
    await seconds(31, 10);
    expect(shop()).toMatchObject({ phase: 'settled' });
    expect(shop()?.text).toMatch(/^0 of 6\d\d failed \(0 %\), before 0 %$/);
    expect(on.told().at(-1)).toMatch(/the switch to reencrypt holds: 0 of 6\d\d failed/);
    expect(on.mode()).toBe('reencrypt');
  });

  it('reverts by itself at once where it is blatant, and says so', async () => {
    await watched();
    on.comes(30, 28);
    await on.pass(600);
    expect(on.mode()).toBe('edge');
    expect(shop()).toMatchObject({ phase: 'reverted', text: '28 of 30 failed (93 %), before 0 %' });
    const entry = [...on.anna.client.model.journal.values()].at(-1);
    expect(entry).toMatchObject({
      kind: 'act',
      actor: { name: 'runtime', from: 'TLS switch' },
      text: 'reverted by itself to edge: 28 of 30 failed (93 %), before 0 %',
      severity: 'warning',
      before: 'reencrypt',
      after: 'edge',
      result: 'done',
    });
    expect(on.anna.client.model.drift.size).toBe(0);
    // The newest undo does not bring back what was bad.
    expect(await on.act({ kind: 'undo' })).toMatchObject({ result: 'refused', code: 'changed-since' });
    // Whoever came in the mode that failed is sent away.
    expect(on.engine.calls.at(-1)).toBe('endInOtherModes shop retire');
  });

  it('is not to be reverted by one client that fails again and again while others get through', async () => {
    await watched();
    on.comes(100);
    const sample = on.engine.route('shop');
    sample.handshakes += 60;
    sample.handshakeFailures += 150;
    sample.failingClients += 1;
    await on.pass(5_000);
    expect(on.mode()).toBe('reencrypt');
    expect(shop()).toMatchObject({ phase: 'watching', after: { failures: 1, attempts: 101 } });
  });

  it('reverts by itself beyond the threshold once there is enough to judge by', async () => {
    await watched();
    await seconds(2, 8, 1);
    expect(shop()?.phase).toBe('watching');
    await seconds(2, 8, 1);
    expect(shop()?.phase).toBe('reverted');
    expect(on.mode()).toBe('edge');
  });

  it('reverts where handshakes fail', async () => {
    await watched();
    on.comes(0, 0, 25);
    await on.pass(600);
    expect(shop()).toMatchObject({ phase: 'reverted', after: { handshakeFailures: 25, failures: 25 } });
  });

  it('asks again where nobody confirmed that it reverts, in the same journal entry', async () => {
    await watched();
    on.engine.failNext(new EngineError('unknown', 'it went away'));
    on.comes(30, 28);
    await on.pass(600);
    expect(on.mode()).toBe('reencrypt');
    const { model } = on.anna.client;
    expect([...model.journal.values()].at(-1)).toMatchObject({ result: 'unknown', severity: 'bad' });
    const entries = model.journal.size;
    await on.pass(1_600);
    expect(on.mode()).toBe('edge');
    expect(model.journal.size).toBe(entries);
    expect([...model.journal.values()].at(-1)).toMatchObject({ result: 'done' });
    expect(shop()?.phase).toBe('reverted');
  });

  it('does not revert what an operator reverts, switches or undoes meanwhile', async () => {
    await watched();
    await on.act({ kind: 'tls-revert', route: 'shop' });
    expect(shop()).toBeUndefined();
    on.comes(30, 28);
    await on.pass(2_000);
    expect(on.mode()).toBe('edge');
    expect(on.told().join('\n')).not.toContain('by itself');
  });

  it('is not watched where nobody asks for it', async () => {
    await watched({ watchMs: 0 });
    expect(shop()).toMatchObject({ phase: 'settled', text: 'not watched' });
    on.comes(30, 30);
    await on.pass(2_000);
    expect(on.mode()).toBe('reencrypt');
  });

  it('is told in one line where nothing came by', async () => {
    await watched({ watchMs: 10_000 });
    await on.pass(10_400);
    expect(shop()).toMatchObject({
      phase: 'settled',
      text: 'nothing came by while it was watched',
      after: null,
    });
  });

  it('does not take the counters of a new life for failures, nor forgets what came before', async () => {
    await watched();
    await seconds(5, 10, 0);
    on.engine.crash();
    await on.pass(400);
    await seconds(5, 10, 0);
    expect(shop()).toMatchObject({ phase: 'watching', after: { failures: 0 } });
    expect(shop()?.after?.attempts).toBeGreaterThan(80);
  });

  it('stays for ten minutes, and is forgotten then', async () => {
    await watched({ watchMs: 1_000 });
    await on.pass(1_600);
    expect(shop()?.phase).toBe('settled');
    await on.pass(590_000);
    expect(shop()).toBeDefined();
    await on.pass(20_000);
    expect(shop()).toBeUndefined();
  });
});

describe('connections in the mode before', () => {
  it('stay where no end is asked for, and are counted', async () => {
    on = await tlsScene();
    on.engine.open({ route: 'shop', tls: 'edge', bind: ':443' });
    await on.pass(400);
    await on.act(toReencrypt);
    await on.pass(1_200);
    expect(shop()).toMatchObject({ left: 1, closeAt: 0 });
    expect(on.engine.calls.join()).not.toContain('endInOtherModes');
  });

  it('retire at once, and what is left is ended at the deadline', async () => {
    on = await tlsScene();
    on.engine.open({ route: 'shop', tls: 'passthrough', bind: ':443' });
    on.engine.open({ route: 'shop', tls: 'edge', bind: ':443' });
    await on.pass(400);
    await on.act({ ...toReencrypt, closeMs: 5_000 });
    expect(on.engine.calls).toContain('endInOtherModes shop retire');
    await on.pass(1_600);
    expect(shop()?.left).toBe(1);
    await on.pass(5_000);
    expect(on.engine.calls).toContain('endInOtherModes shop kill');
    expect(shop()?.left).toBe(0);
    expect(on.told().join('\n')).toContain('1 connection in mode edge ended at the deadline of the switch');
  });

  it('are not ended once it is reverted', async () => {
    on = await tlsScene();
    on.engine.open({ route: 'shop', tls: 'edge', bind: ':443' });
    await on.pass(400);
    await on.act({ ...toReencrypt, closeMs: 5_000 });
    on.comes(30, 30);
    await on.pass(8_000);
    expect(shop()).toMatchObject({ phase: 'reverted', closeAt: 0 });
    expect(on.engine.calls.join()).not.toContain('kill');
  });
});
