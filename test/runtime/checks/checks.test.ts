import { expect, it } from 'vitest';
import type { Probe, ProbeResult } from '../../../src/runtime/checks/probe.ts';
import { backend, checkEverySecond, plan, scene } from '../fixture.ts';

const good: ProbeResult = { code: 'L7OK', ok: true, status: 200, what: '200' };
const bad: ProbeResult = { code: 'L7STS', ok: false, status: 503, what: '503' };

async function checked(first: ProbeResult = good) {
  const asked: number[] = [];
  const world = { result: first };
  const probe: Probe = async (_, address) => {
    asked.push(address.kind === 'ip' ? address.port : 0);
    return world.result;
  };
  const on = await scene({ plan: plan({ backends: [backend({ check: checkEverySecond })] }), probe });
  const { client } = await on.console();
  return { on, world, asked, client, app1: () => client.model.server.get('web/app1')! };
}

it('starts as up for traffic, and checks everything within the first second, not at once', async () => {
  const { on, asked, app1 } = await checked();
  expect(app1().operational).toBe('starting');
  expect(asked).toEqual([]);
  await on.pass(1_000);
  expect(new Set(asked).size).toBe(3);
  expect(app1()).toMatchObject({
    operational: 'up',
    check: { code: 'L7OK', reason: expect.stringMatching(/^200 in \d+ ms$/), status: 200 },
  });
  expect([...on.runtime.services.store.model.journal.values()]).toHaveLength(1);
  await on.close();
});

it('says of a server that never came up why, and not how long its start took', async () => {
  const { on, client } = await checked(bad);
  await on.pass(5_000);
  const texts = [...client.model.journal.values()]
    .filter(({ subject }) => subject === 'web/app1')
    .map(({ text }) => text);
  expect(texts).toEqual([expect.stringMatching(/^down: L7STS 503 in \d+ ms$/)]);
  await on.close();
});

it('goes down after as many failures as `fall`, tells why and how long it was up, and comes back after `rise`', async () => {
  const { on, world, client, app1 } = await checked();
  await on.pass(10_000);
  world.result = bad;
  await on.pass(1_600);
  expect(app1()).toMatchObject({ operational: 'up', checkProgress: { of: 3, towards: 'down' } });
  await on.pass(1_000);
  expect(app1()).toMatchObject({
    operational: 'down',
    previousOperational: { state: 'up' },
    check: { code: 'L7STS' },
  });
  expect(on.engine.wishes.get('web/app1')).toMatchObject({ operational: 'down' });
  const texts = () =>
    [...client.model.journal.values()]
      .filter(({ subject }) => subject === 'web/app1')
      .map(({ text }) => text);
  expect(texts()).toEqual([expect.stringMatching(/^down \(was up \d+ s\): L7STS 503 in \d+ ms$/)]);
  world.result = good;
  await on.pass(4_000);
  expect(app1()).toMatchObject({ operational: 'up' });
  expect(on.engine.wishes.get('web/app1')).toMatchObject({ operational: 'up' });
  expect(texts()[1]).toMatch(/^up \(was down \d+ s\): L7OK 200 in \d+ ms$/);
  await on.close();
});

it('rests in maint, and after it is up at once and checked', async () => {
  const { on, world, asked, client, app1 } = await checked();
  await on.pass(2_000);
  for (const server of ['web/app1', 'web/app2', 'web/app3'] as const)
    void client.execute({ kind: 'maint', server });
  await on.settle();
  expect(app1().operational).toBe('paused');
  const before = asked.length;
  await on.pass(5_000);
  expect(asked.length).toBe(before);
  world.result = bad;
  void client.execute({ kind: 'ready', server: 'web/app1' });
  await on.settle();
  expect(app1()).toMatchObject({ admin: 'ready', operational: 'up' });
  await on.pass(600);
  expect(app1().operational).toBe('down');
  await on.close();
});

it('goes on in drain', async () => {
  const { on, asked, client, app1 } = await checked();
  await on.pass(2_000);
  void client.execute({ kind: 'drain', server: 'web/app1', deadlineMs: 0, then: 'wait', killRate: 1 });
  const before = asked.length;
  await on.pass(3_000);
  expect(asked.length).toBeGreaterThanOrEqual(before + 6);
  expect(app1()).toMatchObject({ admin: 'drain', operational: 'up' });
  await on.close();
});

it('does not tell every single success', async () => {
  const { on, client } = await checked();
  await on.pass(3_000);
  let told = 0;
  client.changes((changes) => {
    told += changes.filter(({ type }) => type === 'server').length;
  });
  await on.pass(20_000);
  expect(told).toBeGreaterThan(3);
  expect(told).toBeLessThan(20);
  await on.close();
});
