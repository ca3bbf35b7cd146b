// The rules that every engine keeps (src/engine/engine.ts), tried on each: scripted and embedded.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EngineSample, ServerSample } from '../../src/domain/counters.ts';
import type { Disposer } from '../../src/domain/event.ts';
import type { ServerKey } from '../../src/domain/plan.ts';
import type { ConnectionQuery, ConnectionWindow, Engine, EngineChange } from '../../src/engine/engine.ts';
import { allReady, type HeldClient, servers, type World, wish } from './worlds.ts';

const everything: ConnectionQuery = {
  filter: '',
  order: { by: 'age', descending: true },
  offset: 0,
  limit: 100,
  ended: false,
};
const patience = { timeout: 10_000, interval: 20 };

export function engineContract(name: string, makeWorld: () => Promise<World>): void {
  describe(`${name} engine`, () => {
    let world: World;
    let engine: Engine;
    let disposers: Disposer[];
    let held: HeldClient[];
    beforeEach(async () => {
      world = await makeWorld();
      engine = world.engine;
      disposers = [];
      held = [];
    });
    afterEach(async () => {
      for (const dispose of disposers) dispose();
      for (const client of held) client.close();
      await engine.stop(0);
      await world.close();
    });
    const start = () => engine.start(world.plan, allReady);
    const holdRequest = async () => {
      const client = await world.holdRequest();
      held.push(client);
      return client;
    };
    const holdTcp = async () => {
      const client = await world.holdTcp();
      held.push(client);
      return client;
    };
    const collect = <T>(event: (listener: (value: T) => void) => Disposer): T[] => {
      const all: T[] = [];
      disposers.push(event((value) => all.push(value)));
      return all;
    };
    const requests = async (count: number) => {
      const taken = new Set<ServerKey | undefined>();
      for (let i = 0; i < count; i += 1) taken.add(await world.request());
      return taken;
    };
    const watch = (query: Partial<ConnectionQuery> = {}) => {
      const windows: ConnectionWindow[] = [];
      const open = engine.watchConnections({ ...everything, ...query }, (window) => windows.push(window));
      disposers.push(() => open.close());
      return { windows, open, last: () => windows.at(-1) };
    };
    /** The newest word on a server, over all samples. */
    const newest = (samples: EngineSample[], key: ServerKey): ServerSample | undefined =>
      samples.flatMap((sample) => sample.servers).findLast((each) => each.key === key);

    describe('start', () => {
      it('resolves with the instance serving the plan and every bind open at a real address', async () => {
        await start();
        const { instances, binds } = engine.snapshot();
        expect(instances).toMatchObject([{ id: 'default/1', state: 'serving', planHash: world.plan.hash }]);
        expect(binds).toMatchObject([
          { name: 'web', mode: 'http', state: 'open', shard: 'default', backend: 'web' },
          { name: 'db', mode: 'tcp', state: 'open', shard: 'default', backend: 'db' },
        ]);
      });
      it('announces instance and binds', async () => {
        const changes = collect<EngineChange>(engine.changes);
        await start();
        const kinds = changes.map((change) =>
          change.kind === 'bind'
            ? change.bind.name
            : change.kind === 'instance'
              ? change.instance.state
              : change.kind,
        );
        expect(kinds).toEqual(expect.arrayContaining(['serving', 'web', 'db']));
      });
      it('serves requests to every server that is ready', async () => {
        await start();
        expect(await requests(4)).toEqual(new Set(['web/app1', 'web/app2']));
      });
      it('knows the server states from the start', async () => {
        await engine.start(world.plan, [wish('web/app1', 'maint'), wish('web/app2'), wish('db/one')]);
        expect(await requests(4)).toEqual(new Set(['web/app2']));
      });
      it('says of each capability that it has it, or why not', () => {
        for (const value of Object.values(engine.capabilities))
          if (value !== true) expect(value.no).not.toBe('');
      });
      it('is refused where an address cannot be had, naming the bind', async () => {
        await expect(engine.start(world.badPlan(), allReady)).rejects.toMatchObject({
          name: 'EngineError',
          code: 'bind-failed',
          message: expect.stringContaining('web'),
        });
      });
    });

    describe('apply', () => {
      it('swaps the plan', async () => {
        await start();
        await engine.apply(world.otherPlan, allReady);
        expect(engine.snapshot().instances).toMatchObject([{ planHash: world.otherPlan.hash }]);
        expect((await requests(4)).size).toBe(2);
      });
      it('leaves open connections and streams alone', async () => {
        await start();
        const [request, tcp] = [await holdRequest(), await holdTcp()];
        await engine.apply(world.otherPlan, allReady);
        for (const { row } of [request, tcp])
          expect((await engine.connection(row.id))?.phase).toBe(row.phase);
      });
      it('is refused as a whole: the old plan serves on, no bind and no connection changed', async () => {
        await start();
        const { row } = await holdTcp();
        const { binds } = engine.snapshot();
        await expect(engine.apply(world.badPlan(), allReady)).rejects.toMatchObject({ code: 'bind-failed' });
        expect(engine.snapshot().binds).toEqual(binds);
        expect(engine.snapshot().instances).toMatchObject([{ state: 'serving', planHash: world.plan.hash }]);
        expect((await engine.connection(row.id))?.phase).toBe('tunnel');
        expect((await requests(4)).size).toBe(2);
      });
      it('keeps the states of servers it does not speak of', async () => {
        await start();
        await engine.setServers([wish('web/app1', 'drain')]);
        await engine.apply(world.otherPlan, []);
        expect(await requests(6)).toEqual(new Set(['web/app2']));
      });
      it('can be had again after a refusal', async () => {
        await start();
        await expect(engine.apply(world.badPlan(), allReady)).rejects.toThrow();
        await engine.apply(world.otherPlan, allReady);
        expect(engine.snapshot().instances).toMatchObject([{ planHash: world.otherPlan.hash }]);
      });
    });

    describe('instances', () => {
      const planOf = (instances: number) => {
        const [shard] = world.plan.shards;
        return { ...world.plan, hash: `of-${instances}`, shards: [{ ...shard!, instances }] };
      };
      const serving = () => engine.snapshot().instances.filter(({ state }) => state === 'serving');

      it('are as many as the plan says once it is applied, and keep their processes', async () => {
        await start();
        const [first] = serving();
        await engine.apply(planOf(3), allReady);
        expect(serving()).toMatchObject([
          { id: 'default/1', pid: first!.pid, planHash: 'of-3' },
          { id: 'default/2', planHash: 'of-3' },
          { id: 'default/3', planHash: 'of-3' },
        ]);
        await engine.apply(planOf(1), allReady);
        await expect
          .poll(serving, patience)
          .toMatchObject([{ id: 'default/1', name: 'default/1', pid: first!.pid, planHash: 'of-1' }]);
        expect(await world.request()).toBeDefined();
      });
      it('are other processes once renewed; who leaves is named by its process', async () => {
        await start();
        const [before] = serving();
        const { row } = await holdTcp();
        const seen = collect<EngineChange>(engine.changes);
        await engine.renew('default');
        expect(serving()).toMatchObject([{ id: 'default/1', name: 'default/1', crashes: 0 }]);
        expect(serving()[0]!.pid).not.toBe(before!.pid);
        const leaving = `default/1:${before!.pid}`;
        const states = () =>
          seen.flatMap((each) =>
            each.kind === 'instance' && each.instance.id === leaving ? [each.instance] : [],
          );
        await expect
          .poll(() => states().at(-1), patience)
          .toMatchObject({ name: 'default/1', state: 'leaving', leaveBy: expect.any(Number) });
        expect((await engine.connection(row.id))?.phase).toBe('tunnel');
        expect(await world.request()).toBeDefined();
      });
      it('know their clients', async () => {
        await start();
        const { row } = await holdTcp();
        const address = row.client.slice(0, row.client.lastIndexOf(':'));
        expect(await engine.clients()).toMatchObject({
          overMs: 60_000,
          missed: 0,
          clients: [{ address, shard: 'default', instance: 'default/1', connections: 1 }],
        });
      });
    });

    describe('setServers', () => {
      const out: [string, Parameters<typeof wish>][] = [
        ['drain', ['web/app1', 'drain']],
        ['maint', ['web/app1', 'maint']],
        ['weight 0', ['web/app1', 'ready', 0]],
      ];
      it.each(out)('%s: from the confirmation on no new client is sent there', async (_name, wished) => {
        await start();
        await engine.setServers([wish(...wished)]);
        expect(await requests(10)).toEqual(new Set(['web/app2']));
        await engine.setServers([wish('web/app1')]);
        expect(await requests(10)).toEqual(new Set(['web/app1', 'web/app2']));
      });
      it('down: the same', async () => {
        await start();
        await engine.setServers([{ ...wish('web/app2'), operational: 'down' }]);
        expect(await requests(6)).toEqual(new Set(['web/app1']));
      });
      it('ends nothing that is under way', async () => {
        await start();
        const { row } = await holdRequest();
        await engine.setServers([wish(row.server!, 'drain')]);
        await engine.setServers([wish(row.server!, 'maint')]);
        expect((await engine.connection(row.id))?.phase).toBe(row.phase);
      });
      it('with no server left no request is served', async () => {
        await start();
        await engine.setServers([wish('web/app1', 'maint'), wish('web/app2', 'maint')]);
        expect(await world.request()).toBeUndefined();
      });
      it('passes over servers that the plan does not know', async () => {
        await start();
        await engine.setServers([wish('web/nobody', 'maint'), wish('nothing/app1', 'maint')]);
        expect((await requests(4)).size).toBe(2);
      });
    });

    describe('kill', () => {
      it('ends a connection, with K as the first letter', async () => {
        await start();
        const tails: string[] = [];
        disposers.push(
          engine.tail('', ({ records }) => tails.push(...records.map((each) => each.termination))),
        );
        const [request, tcp] = [await holdRequest(), await holdTcp()];
        for (const { row } of [request, tcp]) expect(await engine.kill(row.id)).toBe(true);
        await Promise.all([request.ended, tcp.ended]);
        await expect.poll(() => tails, patience).toHaveLength(2);
        expect(tails.map((state) => state[0])).toEqual(['K', 'K']);
      });
      it.each(['', 'nonsense', 's-zzzz', '1a2b-1'])('answers false where there is none: %j', async (id) => {
        await start();
        expect(await engine.kill(id)).toBe(false);
      });
      it('answers false the second time', async () => {
        await start();
        const { row, ended } = await holdTcp();
        await engine.kill(row.id);
        await ended;
        expect(await engine.kill(row.id)).toBe(false);
      });
      it('ends as many on a server as asked, and says how many there were', async () => {
        await start();
        const three = [await holdTcp(), await holdTcp(), await holdTcp()];
        expect(await engine.killOnServer('db/one', 2)).toBe(2);
        await Promise.any(three.map(({ ended }) => ended));
        expect(await engine.killOnServer('db/one', 5)).toBe(1);
        expect(await engine.killOnServer('db/one', 5)).toBe(0);
        await Promise.all(three.map(({ ended }) => ended));
      });
      it('leaves other servers alone', async () => {
        await start();
        const { row } = await holdRequest();
        expect(await engine.killOnServer('db/one', 10)).toBe(0);
        expect((await engine.connection(row.id))?.phase).toBe(row.phase);
      });
    });

    describe('watchConnections', () => {
      it('shows where each connection is', async () => {
        await start();
        const [request, tcp] = [await holdRequest(), await holdTcp()];
        const { last } = watch();
        await expect.poll(() => last()?.rows.length, patience).toBe(2);
        expect(last()).toMatchObject({ total: 2, matched: 2 });
        const rows = new Map(last()!.rows.map((row) => [row.id, row]));
        expect(rows.get(request.row.id)).toMatchObject({ mode: 'http', bind: 'web', backend: 'web' });
        expect(rows.get(tcp.row.id)).toMatchObject({ mode: 'tcp', server: 'db/one', phase: 'tunnel' });
      });
      it('shows what the filter matches, and counts all', async () => {
        await start();
        await holdRequest();
        const tcp = await holdTcp();
        const { last } = watch({ filter: 'server=db/one' });
        await expect.poll(() => last()?.rows.map(({ id }) => id), patience).toEqual([tcp.row.id]);
        expect(last()).toMatchObject({ total: 2, matched: 1 });
      });
      it('keeps order, offset and limit', async () => {
        await start();
        const three = [await holdTcp(), await holdTcp(), await holdTcp()];
        const { last } = watch({ offset: 1, limit: 1, order: { by: 'client', descending: false } });
        const clients = three.map(({ row }) => row.client).sort();
        await expect.poll(() => last()?.rows.map(({ client }) => client), patience).toEqual([clients[1]]);
        expect(last()?.matched).toBe(3);
      });
      it('turns to another query', async () => {
        await start();
        const request = await holdRequest();
        await holdTcp();
        const { last, open } = watch({ filter: 'mode=tcp' });
        await expect.poll(() => last()?.rows.length, patience).toBe(1);
        open.update({ ...everything, filter: 'mode=http' });
        await expect.poll(() => last()?.rows[0]?.id, patience).toBe(request.row.id);
      });
      it('says with each window which query it answers', async () => {
        await start();
        await holdTcp();
        const { windows, last, open } = watch();
        await expect.poll(() => last()?.query, patience).toEqual(everything);
        const next = { ...everything, offset: 1 };
        open.update(next);
        await expect.poll(() => last()?.query, patience).toEqual(next);
        for (const { query, rows } of windows) expect(rows).toHaveLength(query.offset === 0 ? 1 : 0);
      });
      it('refreshes by itself, and no more once closed', async () => {
        await start();
        const { windows, open } = watch();
        await expect.poll(() => windows.length, patience).toBeGreaterThan(2);
        open.close();
        const other = watch();
        const before = windows.length;
        await expect.poll(() => other.windows.length, patience).toBeGreaterThan(2);
        expect(windows.length).toBeLessThanOrEqual(before + 1);
      });
      it('keeps ended connections for a while where asked', async () => {
        await start();
        const { row, ended } = await holdTcp();
        const [without, withEnded] = [watch(), watch({ ended: true })];
        await expect.poll(() => withEnded.last()?.rows.length, patience).toBe(1);
        await engine.kill(row.id);
        await ended;
        await expect.poll(() => withEnded.last()?.rows[0]?.phase, patience).toBe('ended');
        expect(withEnded.last()?.rows[0]?.termination).toMatch(/^K/);
        await expect.poll(() => without.last()?.rows, patience).toEqual([]);
      });
    });

    describe('connection', () => {
      it('tells what happened on it, in order', async () => {
        await start();
        const { row } = await holdTcp();
        const detail = await engine.connection(row.id);
        expect(detail).toMatchObject({ id: row.id, client: row.client, server: 'db/one' });
        expect(detail!.steps[0]).toMatchObject({ what: 'accept', atMs: 0 });
        const times = detail!.steps.map(({ atMs }) => atMs);
        expect(times).toEqual([...times].sort((a, b) => a - b));
      });
      it('is undefined where there is none', async () => {
        await start();
        expect(await engine.connection('1a2b-zz')).toBeUndefined();
      });
    });

    describe('tail', () => {
      it('tells each stream that ends, while somebody listens', async () => {
        await start();
        const paths: (string | undefined)[] = [];
        const stop = engine.tail('', ({ records }) => paths.push(...records.map(({ path }) => path)));
        await world.request('/one');
        await world.request('/two');
        await expect.poll(() => paths, patience).toEqual(['/one', '/two']);
        stop();
        const other: (string | undefined)[] = [];
        disposers.push(engine.tail('', ({ records }) => other.push(...records.map(({ path }) => path))));
        await world.request('/three');
        await expect.poll(() => other, patience).toEqual(['/three']);
        expect(paths).toEqual(['/one', '/two']);
      });
      it('tells only what its filter matches', async () => {
        await start();
        const paths: (string | undefined)[] = [];
        disposers.push(
          engine.tail('path~cart status=200', ({ records }) =>
            paths.push(...records.map(({ path }) => path)),
          ),
        );
        await world.request('/other');
        await world.request('/cart/1');
        await expect.poll(() => paths, patience).toEqual(['/cart/1']);
      });
    });

    describe('samples', () => {
      it('hold every entry at first, then those that changed', async () => {
        const samples = collect<EngineSample>(engine.samples);
        await start();
        await expect.poll(() => samples.length, patience).toBeGreaterThan(0);
        expect(samples[0]!.servers.map(({ key }) => key).sort()).toEqual([...servers].sort());
        expect(samples[0]!.binds.map(({ name }) => name)).toEqual(['web', 'db']);
        await expect.poll(() => samples.at(-1)!.servers, patience).toEqual([]);
        const before = samples.length;
        const taken = await world.request();
        await expect.poll(() => newest(samples.slice(before), taken!)?.total, patience).toBe(1);
        const others = samples.slice(before).flatMap(({ servers }) => servers.map(({ key }) => key));
        expect(new Set(others)).toEqual(new Set([taken]));
      });
      it('count up, and tell the present', async () => {
        const samples = collect<EngineSample>(engine.samples);
        await start();
        const { row } = await holdTcp();
        await expect
          .poll(() => newest(samples, row.server!), patience)
          .toMatchObject({ total: 1, streams: 1, tunnels: 1 });
        expect(newest(samples, row.server!)!.lastArrivalAt).toBeGreaterThan(0);
        await engine.kill(row.id);
        await expect.poll(() => newest(samples, row.server!)?.streams, patience).toBe(0);
        expect(newest(samples, row.server!)).toMatchObject({ total: 1, tunnels: 0 });
      });
      it('count answers by class, and their latencies', async () => {
        const samples = collect<EngineSample>(engine.samples);
        await start();
        const taken = await world.request();
        await expect.poll(() => newest(samples, taken!)?.status, patience).toEqual([0, 1, 0, 0, 0]);
        const latencies = samples
          .flatMap((sample) => sample.servers)
          .filter(({ key }) => key === taken)
          .flatMap(({ latency }) => latency.filter((_, i) => i % 2 === 1));
        expect(latencies).toEqual([1]);
      });
      it('are of one life', async () => {
        const samples = collect<EngineSample>(engine.samples);
        await start();
        await expect.poll(() => samples.length, patience).toBeGreaterThan(2);
        expect(new Set(samples.map(({ life }) => life)).size).toBe(1);
      });
    });

    describe('an instance that dies', () => {
      it('is replaced: same name, plan, server states and addresses; figures of a new life', async () => {
        const samples = collect<EngineSample>(engine.samples);
        const changes = collect<EngineChange>(engine.changes);
        await start();
        await engine.setServers([wish('web/app1', 'drain')]);
        await world.request();
        await expect.poll(() => samples.length, patience).toBeGreaterThan(0);
        const before = engine.snapshot();
        const announced = changes.length;
        world.killInstance();
        const states = () =>
          changes.slice(announced).flatMap((each) => (each.kind === 'instance' ? [each.instance.state] : []));
        await expect.poll(states, patience).toEqual(expect.arrayContaining(['gone', 'serving']));
        const after = engine.snapshot();
        expect(after.binds).toEqual(before.binds);
        expect(after.instances).toMatchObject([
          { id: 'default/1', state: 'serving', planHash: world.plan.hash },
        ]);
        expect(after.instances[0]!.pid).not.toBe(before.instances[0]!.pid);
        expect(await requests(6)).toEqual(new Set(['web/app2']));
        const lives = () => new Set(samples.flatMap(({ instances }) => instances.map(({ life }) => life)));
        await expect.poll(() => lives().size, patience).toBe(2);
      });
      it('takes its connections with it, and watches and tails go on with its successor', async () => {
        await start();
        const { row, ended } = await holdTcp();
        const { last } = watch();
        const paths: (string | undefined)[] = [];
        disposers.push(engine.tail('', ({ records }) => paths.push(...records.map(({ path }) => path))));
        await expect.poll(() => last()?.rows.length, patience).toBe(1);
        world.killInstance();
        await ended;
        await expect.poll(() => last()?.rows.some(({ id }) => id === row.id), patience).toBe(false);
        await expect.poll(() => engine.snapshot().instances[0]?.state, patience).toBe('serving');
        await world.request('/after');
        await expect.poll(() => paths.at(-1), patience).toBe('/after');
        expect(await engine.kill(row.id)).toBe(false);
      });
    });

    describe('stop', () => {
      it('ends everything when the time of grace is over', async () => {
        await start();
        const { ended } = await holdTcp();
        await engine.stop(100);
        await ended;
        expect(engine.snapshot().instances.filter(({ state }) => state !== 'gone')).toEqual([]);
      });
      it('is final: what is asked then is refused as stopped', async () => {
        await start();
        await engine.stop(0);
        const stopped = { name: 'EngineError', code: 'stopped' };
        await expect(engine.setServers(allReady)).rejects.toMatchObject(stopped);
        await expect(engine.apply(world.otherPlan, allReady)).rejects.toMatchObject(stopped);
        await expect(engine.kill('1-1')).rejects.toMatchObject(stopped);
      });
    });
  });
}
