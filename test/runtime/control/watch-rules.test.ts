import { expect, it } from 'vitest';
import type { ConnectionTable, ConnectionTableQuery } from '../../../src/client/runtime-client.ts';
import type { Sample } from '../../../src/domain/sample.ts';
import { EngineError } from '../../../src/engine/engine.ts';
import { scene } from '../fixture.ts';
import { rawConsole } from '../raw-console.ts';

const query = (over: object = {}) => ({
  filter: '',
  order: { by: 'age', descending: true },
  offset: 0,
  limit: 10,
  ended: false,
  ...over,
});

it('CQ1: a second watch of one name is refused', async () => {
  const on = await scene();
  const raw = rawConsole(on);
  await raw.hello();
  await raw.ask('connections.open', { watch: 'c', query: query() });
  expect(await raw.ask('tail.open', { watch: 'c', filter: '' })).toMatchObject({ error: { code: -32602 } });
  await on.close();
});

it('CQ2: a window has the rows asked for, and no more than 500 can be', async () => {
  const on = await scene();
  for (let index = 0; index < 30; index++) {
    on.engine.open({ server: index % 2 ? 'web/app1' : 'web/app2', backend: 'web' });
    on.clock.advance(1_000);
  }
  const { client } = await on.console();
  const tables: { total: number; matched: number; rows: readonly { id: string }[] }[] = [];
  const watch = client.connections(
    { ...query({ filter: 'server=web/app1', offset: 2, limit: 3 }) } as never,
    (table) => tables.push(table),
  );
  await on.pass(1_000);
  expect(tables.at(-1)).toMatchObject({ total: 30, matched: 15 });
  expect(tables.at(-1)!.rows.map(({ id }) => id)).toEqual(['s-6', 's-8', 's-a']);
  watch.update({ ...query({ offset: 0, limit: 1 }) } as never);
  await on.pass(1_000);
  expect(tables.at(-1)).toMatchObject({ matched: 30, rows: [{ id: 's-1' }] });
  const raw = rawConsole(on);
  await raw.hello();
  expect(await raw.ask('connections.open', { watch: 'c', query: query({ limit: 501 }) })).toMatchObject({
    error: { code: -32602 },
  });
  await on.close();
});

it('CQ7: a table names the query it answers', async () => {
  const on = await scene();
  for (let index = 0; index < 4; index++) on.engine.open({ server: 'web/app1', backend: 'web' });
  const { client } = await on.console();
  const tables: ConnectionTable[] = [];
  const first = query({ limit: 2 }) as ConnectionTableQuery;
  const watch = client.connections(first, (table) => tables.push(table));
  await on.pass(1_000);
  const next = { ...first, offset: 2 };
  watch.update(next);
  await on.pass(1_000);
  expect(new Set(tables.map((table) => table.query.offset))).toEqual(new Set([0, 2]));
  for (const table of tables) {
    expect(table.query).toEqual(table.query.offset === 0 ? first : next);
    expect(table.rows[0]!.id).toBe(table.query.offset === 0 ? 's-1' : 's-3');
  }
  await on.close();
});

it('CQ3: a bad filter is told, and an open window keeps the one it had', async () => {
  const on = await scene();
  on.engine.open({ server: 'web/app1', backend: 'web' });
  const raw = rawConsole(on);
  await raw.hello();
  expect(await raw.ask('tail.open', { watch: 't', filter: 'serverr=x' })).toMatchObject({
    error: { code: -32007, message: expect.stringContaining('serverr') },
  });
  await raw.ask('connections.open', { watch: 'c', query: query({ filter: 'server=web/app1' }) });
  expect(await raw.ask('connections.update', { watch: 'c', query: query({ filter: '(' }) })).toMatchObject({
    error: { code: -32007 },
  });
  await on.pass(1_000);
  expect(raw.notifications('connections').at(-1)).toMatchObject({ watch: 'c', table: { matched: 1 } });
  expect(await raw.ask('connections.update', { watch: 'no', query: query() })).toMatchObject({
    error: { code: -32006 },
  });
  await on.close();
});

it('CQ4: nothing comes after the close', async () => {
  const on = await scene();
  const raw = rawConsole(on);
  await raw.hello();
  await raw.ask('samples.open', { watch: 's', topics: ['totals'], intervalMs: 200 });
  await on.pass(1_000);
  expect(raw.notifications('samples').length).toBeGreaterThan(2);
  await raw.ask('watch.close', { watch: 's' });
  const before = raw.notifications('samples').length;
  await on.pass(1_000);
  expect(raw.notifications('samples')).toHaveLength(before);
  await on.close();
});

it('CQ8: servers are sampled of the backends asked for', async () => {
  const on = await scene();
  const { client } = await on.console();
  const keys = { all: new Set<string>(), some: new Set<string>(), none: new Set<string>() };
  const into = (set: Set<string>) => (sample: Sample) => {
    for (const { key } of sample.servers!) set.add(key);
  };
  client.samples(['servers'], 500, into(keys.all));
  client.samples(['servers'], 500, into(keys.some), ['web', 'nobody']);
  client.samples(['servers'], 500, into(keys.none), ['nobody']);
  await on.pass(2_000);
  const web = [...keys.all].filter((key) => key.startsWith('web/'));
  expect(web.length).toBeGreaterThan(0);
  expect([...keys.some].sort()).toEqual(web.sort());
  expect(keys.none.size).toBe(0);
  await on.close();
});

it('CQ5: a rate is null before two readings and between two lives', async () => {
  const on = await scene();
  on.engine.traffic('web', 30);
  const { client } = await on.console();
  const rates: (number | null | undefined)[] = [];
  client.samples(['totals', 'servers'], 1_000, ({ totals }) => rates.push(totals?.requests));
  await on.pass(4_400);
  expect(rates[0]).toBeNull();
  expect(rates.at(-1)).toBeCloseTo(30, 0);
  on.engine.crash();
  await on.pass(1_000);
  expect(rates.at(-1)).toBeNull();
  await on.pass(3_000);
  expect(rates.at(-1)).toBeCloseTo(30, 0);
  expect((await historyOf(on, client)).map(({ totals }) => totals.requests)).toContain(null);
  await on.close();
});

async function historyOf(
  on: Awaited<ReturnType<typeof scene>>,
  client: { history(): Promise<readonly { totals: { requests: number | null } }[]> },
) {
  const points = client.history();
  await on.settle();
  return points;
}

it('CQ6: what the engine cannot do is refused with its reason', async () => {
  const on = await scene({
    capabilities: {
      tail: { no: 'this engine keeps no stream records' },
      kill: { no: 'needs level operator' },
    },
  });
  const raw = rawConsole(on);
  await raw.hello();
  expect(await raw.ask('tail.open', { watch: 't', filter: '' })).toMatchObject({
    error: { code: -32008, message: 'this engine keeps no stream records' },
  });
  const { client } = await on.console();
  const outcome = client.execute({ kind: 'kill', connection: 's-1' });
  await on.settle();
  expect(await outcome).toEqual({ result: 'refused', code: 'not-capable', text: 'needs level operator' });
  await on.close();
});

it('CM1, CM2: a command is carried out once under its id, and the id is good for no other', async () => {
  const on = await scene();
  const raw = rawConsole(on);
  await raw.hello();
  const request = { id: 'command-1', command: { kind: 'weight', server: 'web/app1', weight: 9 } };
  on.engine.hold();
  const first = raw.ask('command.execute', request);
  const second = raw.ask('command.execute', request);
  await Promise.all([first, second]);
  on.engine.release();
  await on.settle();
  const third = await raw.ask('command.execute', request);
  const answers = raw.heard.filter(({ result }) => result?.result === 'done').map(({ result }) => result);
  expect(answers).toHaveLength(3);
  expect(answers).toEqual([third.result, third.result, third.result]);
  expect(on.engine.calls.filter((call) => call.startsWith('setServers web/app1'))).toHaveLength(1);
  expect(
    await raw.ask('command.execute', { ...request, command: { kind: 'maint', server: 'web/app1' } }),
  ).toMatchObject({ result: { result: 'refused', code: 'bad-value' } });
  await on.close();
});

it('CM3: the changes that an outcome speaks of were sent before it', async () => {
  const on = await scene();
  const raw = rawConsole(on);
  await raw.hello();
  const { result } = await raw.ask('command.execute', {
    id: 'command-1',
    command: { kind: 'weight', server: 'web/app1', weight: 9 },
  });
  const place = raw.heard.findIndex((message) => message.result === result);
  const seqs = raw.heard
    .slice(0, place)
    .filter(({ method }) => method === 'model.changes')
    .flatMap(({ params }) => params.changes.map(({ seq }: { seq: number }) => seq));
  expect(Math.max(...seqs)).toBe(result.seq);
  await on.close();
});

it('CM4: what the engine did not confirm is unknown, does not hold, and is not tried again', async () => {
  const on = await scene();
  const { client } = await on.console();
  on.engine.hold();
  const outcome = client.execute({ kind: 'maint', server: 'web/app1' });
  await on.settle();
  on.engine.crash();
  await on.pass(3_000);
  expect(await outcome).toMatchObject({ result: 'unknown' });
  expect(client.model.server.get('web/app1')).toMatchObject({ admin: 'ready' });
  expect(on.engine.wishes.get('web/app1')).toMatchObject({ admin: 'ready' });
  expect([...client.model.journal.values()].find(({ command }) => command?.kind === 'maint')).toMatchObject({
    result: 'unknown',
    severity: 'bad',
  });
  expect(on.engine.calls.filter((call) => call.includes('app1=maint'))).toHaveLength(1);
  await on.close();
});

it('CM4: what the engine refused is refused with its words', async () => {
  const on = await scene();
  const { client } = await on.console();
  on.engine.failNext(new EngineError('instance-failed', 'instance default/1 is leaving'));
  const outcome = client.execute({ kind: 'maint', server: 'web/app1' });
  await on.settle();
  expect(await outcome).toMatchObject({
    result: 'refused',
    code: 'busy',
    text: 'instance default/1 is leaving',
  });
  await on.close();
});

it('CM5: the outcome of an id is told, once it is there', async () => {
  const on = await scene();
  const raw = rawConsole(on);
  await raw.hello();
  expect(await raw.ask('command.outcome', { id: 'never-seen' })).toMatchObject({ result: { known: false } });
  on.engine.hold();
  void raw.ask('command.execute', { id: 'command-1', command: { kind: 'maint', server: 'web/app1' } });
  expect(await raw.ask('command.outcome', { id: 'command-1' })).toEqual({});
  on.engine.release();
  await on.settle();
  expect(raw.heard.at(-1)).toMatchObject({ result: { known: true, outcome: { result: 'done' } } });
  await on.close();
});

it('CM7: a command that was decided on another state is refused when its turn comes', async () => {
  const on = await scene();
  const raw = rawConsole(on);
  await raw.hello();
  expect(
    await raw.ask('command.execute', {
      id: 'command-1',
      command: { kind: 'drain', server: 'web/app1', deadlineMs: 0, then: 'wait', killRate: 1 },
      from: { admin: 'maint', weight: 100 },
    }),
  ).toMatchObject({ result: { result: 'refused', code: 'changed-since' } });
  await on.close();
});

it('CM12: a preview changes nothing', async () => {
  const on = await scene();
  const { client } = await on.console();
  const { seq } = on.runtime.services.store;
  for (const kind of ['ready', 'maint', 'rollback', 'reset'] as const)
    void client.preview({ kind, server: 'web/app1' });
  void client.preview({ kind: 'undo' });
  void client.preview({ kind: 'reload' });
  const drain = client.preview({
    kind: 'drain',
    server: 'web/app1',
    deadlineMs: 300_000,
    then: 'kill',
    killRate: 5,
  });
  await on.settle();
  expect((await drain).from).toEqual({ admin: 'ready', weight: 100 });
  expect(on.runtime.services.store.flush()).toBe(seq);
  expect(on.engine.calls).toEqual(['start']);
  await on.close();
});
