import { describe, expect, it } from 'vitest';
import { requestText } from '../../../src/protocol/rpc.ts';
import { scene } from '../fixture.ts';
import { rawConsole } from '../raw-console.ts';

const weight = (value: number) => ({ kind: 'weight', server: 'web/app1', weight: value }) as const;

describe('changes', () => {
  it('LN1, LN2: come in order, each once, one message for a turn', async () => {
    const on = await scene();
    const raw = rawConsole(on);
    const { result } = await raw.hello();
    const { store } = on.runtime.services;
    for (let turn = 0; turn < 5; turn++) {
      // Three writes in one turn, two of them to the same entity.
      store.set('drift', 'web/app1:weight', drift(turn));
      store.set('drift', 'web/app1:weight', drift(turn + 100));
      store.set('drift', `other-${turn}`, drift(turn));
      await on.settle();
    }
    const batches = raw.notifications('model.changes');
    expect(batches).toHaveLength(5);
    expect(batches.every(({ changes }) => changes.length === 2)).toBe(true);
    const seqs = batches.flatMap(({ changes }) => changes.map(({ seq }: { seq: number }) => seq));
    expect(seqs).toEqual(seqs.map((_, index) => result.seq + 1 + index));
    await on.close();
  });

  it('LN3: what is set to what it is already is no change', async () => {
    const on = await scene();
    const raw = rawConsole(on);
    await raw.hello();
    const { store } = on.runtime.services;
    const [[key, same]] = [...store.model.server] as [
      [string, ReturnType<typeof store.model.server.get> & {}],
    ];
    store.set('server', key, { ...same });
    await on.settle();
    expect(raw.notifications('model.changes')).toEqual([]);
    await on.close();
  });
});

const drift = (at: number) => ({
  key: 'web/app1:weight',
  server: 'web/app1' as const,
  field: 'weight' as const,
  configured: '1',
  running: '2',
  by: 'test',
  at,
});

describe('a console that reads slowly', () => {
  const limits = { dropSamplesAbove: 2_000, holdChangesAbove: 20_000, closeAbove: 400_000, behindMs: 5_000 };

  it('LN4: goes without samples first, and its tail counts what was left out', async () => {
    const on = await scene({ limits });
    const raw = rawConsole(on);
    await raw.hello();
    await raw.ask('samples.open', { watch: 's', topics: ['totals', 'servers'], intervalMs: 200 });
    await raw.ask('tail.open', { watch: 't', filter: '' });
    await on.pass(400);
    raw.pair.stall(true);
    for (let index = 0; index < 50; index++) {
      on.engine.record({ path: `/${index}` });
      await on.pass(200);
    }
    expect(raw.pair.server.bufferedAmount).toBeLessThan(limits.holdChangesAbove);
    raw.pair.stall(false);
    await on.pass(1_000);
    on.engine.record({ path: '/last' });
    await on.pass(400);
    const tails = raw.notifications('tail');
    const came = tails.reduce((sum, { records }) => sum + records.length, 0);
    const dropped = tails.reduce((sum, batch) => sum + batch.dropped, 0);
    expect(dropped).toBeGreaterThan(0);
    expect(came + dropped).toBe(51);
    expect(raw.notifications('model.reset')).toEqual([]);
    await on.close();
  });

  it('LN5, LN8: is told anew when it reads on, and meanwhile costs a bounded amount and nobody else anything', async () => {
    const on = await scene({ limits: { ...limits, behindMs: 600_000, silentMs: 3_600_000 } });
    const slow = await on.console({ user: 'slow' });
    const quick = await on.console({ user: 'quick' });
    slow.pair.stall(true);
    for (let index = 0; index < 200; index++) {
      void quick.client.execute(weight(1 + (index % 200)));
      await on.settle();
      if (index % 40 === 39) await on.pass(1_000);
    }
    expect(slow.pair.server.bufferedAmount).toBeLessThan(limits.holdChangesAbove + 10_000);
    expect(quick.client.model.server.get('web/app1')?.weight).toBe(200);
    expect(slow.client.model.server.get('web/app1')?.weight).toBe(100);
    let resets = 0;
    slow.client.changes((changes) => {
      if (changes.length === 0) resets += 1;
    });
    slow.pair.stall(false);
    await on.pass(1_000);
    expect(resets).toBe(1);
    expect(slow.client.model).toEqual(on.runtime.services.store.model);
    expect(slow.client.attach.state).toBe('live');
    await on.close();
  });

  it('LN6: is closed with 1013 when it stays behind too long', async () => {
    const on = await scene({ limits });
    const raw = rawConsole(on);
    await raw.hello();
    const { client } = await on.console();
    raw.pair.stall(true);
    for (let index = 0; index < 60; index++) {
      void client.execute(weight(1 + index));
      await on.settle();
      if (index % 20 === 19) await on.pass(1_000);
    }
    await on.pass(6_000);
    expect(raw.ended).toMatchObject({ code: 1013 });
    expect(on.attachments.size).toBe(1);
    await on.close();
  });
});

it('LN6, LN8: many slow consoles together cost no more than a bound', async () => {
  const limits = { holdChangesAbove: 5_000, closeAbove: 400_000, closeAllAbove: 60_000 };
  const on = await scene({ limits: { ...limits, silentMs: 600_000 } });
  const quick = await on.console();
  const greedy = Array.from({ length: 20 }, () => rawConsole(on));
  for (const raw of greedy) {
    await raw.hello();
    raw.pair.stall(true);
  }
  await on.pass(20_000);
  for (let round = 0; round < 60; round++)
    for (const raw of greedy) raw.send(requestText(round + 10, 'history.get', {}));
  await on.settle();
  const waiting = greedy.reduce((sum, { pair }) => sum + pair.server.bufferedAmount, 0);
  // One answer more than the bound for each.
  expect(waiting).toBeLessThan(limits.closeAllAbove + 20 * 20_000);
  await on.pass(3_000);
  expect(quick.client.attach.state).toBe('live');
  await on.close();
});

it('LN7: a console that finds a change missing attaches anew and has everything', async () => {
  const on = await scene();
  const { client, pair } = await on.console();
  pair.server.send(
    JSON.stringify({
      jsonrpc: '2.0',
      method: 'model.changes',
      params: { changes: [{ seq: 9_999, type: 'drift', key: 'x', value: null }] },
    }),
  );
  await on.settle();
  expect(client.attach.state).toBe('waiting');
  await on.pass(1_000);
  expect(client.attach.state).toBe('live');
  expect(client.model).toEqual(on.runtime.services.store.model);
  await on.close();
});

it('CM8: two consoles see each other act, and each act with its author', async () => {
  const on = await scene();
  const anna = await on.console({ user: 'anna' });
  const ben = await on.console({ user: 'ben' });
  const from = { admin: 'ready', weight: 100 } as const;
  const first = anna.client.execute({ kind: 'maint', server: 'web/app1' }, { from });
  const second = ben.client.execute(weight(5), { from });
  await on.settle();
  expect(await first).toMatchObject({ result: 'done' });
  expect(await second).toMatchObject({ result: 'refused', code: 'changed-since' });
  for (const { client } of [anna, ben])
    expect(client.model.server.get('web/app1')).toMatchObject({
      admin: 'maint',
      weight: 100,
      adminBy: 'anna',
    });
  await on.close();
});
