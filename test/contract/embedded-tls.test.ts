import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Termination } from '../../src/domain/tls.ts';
import type { EmbeddedEngine } from '../../src/engine/embedded/embedded-engine.ts';
import { type EmbeddedTlsWorld, embeddedTlsWorld } from './embedded-tls-world.ts';
import { tlsContract } from './tls-contract.ts';
import { appReady, inForce, shop } from './tls-worlds.ts';

tlsContract('embedded', embeddedTlsWorld);

const patience = { timeout: 10_000, interval: 20 };

describe('a data plane with TLS and its runtimes', () => {
  let world: EmbeddedTlsWorld;
  let engines: EmbeddedEngine[];
  const another = () => {
    const engine = world.anotherEngine();
    engines.push(engine);
    return engine;
  };
  beforeEach(async () => {
    world = await embeddedTlsWorld();
    engines = [world.engine];
  });
  afterEach(async () => {
    for (const engine of engines) await engine.stop(0);
    await world.close();
  });

  it('is adopted with its modes and files, connections untouched', async () => {
    await world.engine.start(world.plan, appReady, inForce(world, 'first', shop('reencrypt')));
    const held = await world.hold();
    world.engine.detach();
    const next = another();
    await next.start(world.plan, appReady, inForce(world, 'first', shop('reencrypt')));
    expect(await held.again()).toBe('reencrypt');
    expect(await world.requestThrough(next)).toEqual({ mode: 'reencrypt', certificate: 'first' });
  });

  it('is brought to what the next runtime has, the plan’s own mode where that wishes nothing', async () => {
    await world.engine.start(world.plan, appReady, inForce(world, 'first', shop('reencrypt')));
    const held = await world.hold();
    world.engine.detach();
    const next = another();
    await next.start(world.plan, appReady, inForce(world, 'second'));
    expect(next.snapshot().instances[0]!.pid).toBe(world.engine.snapshot().instances[0]!.pid);
    expect(await world.requestThrough(next)).toEqual({ mode: 'edge', certificate: 'second' });
    expect(await held.again()).toBe('reencrypt');
    expect(await next.endInOtherModes('shop', 'retire')).toBe(1);
    await held.ended;
  });

  it('draws each mode as it is', async () => {
    await world.engine.start(world.plan, appReady, inForce(world, 'first'));
    const ladder = async (id: string) =>
      (await world.engine.connection(id))!.steps.map(({ what, by }) =>
        by === undefined ? what : `${what} ${by}`,
      );
    const edge = await world.hold();
    const hello = ['accept', 'client-hello'];
    const answered = ['response', 'end'];
    expect(await ladder(edge.row.id)).toEqual([...hello, 'handshake', 'request', 'connect', ...answered]);
    await world.engine.setRoutes([shop('reencrypt')]);
    const reencrypt = await world.hold();
    const both = [...hello, 'handshake', 'request', 'connect', 'server-handshake', ...answered];
    expect(await ladder(reencrypt.row.id)).toEqual(both);
    await reencrypt.again();
    const kept = [...hello, 'handshake', 'request', 'pooled', ...answered];
    expect(await ladder(reencrypt.row.id)).toEqual(kept);
    await world.engine.setRoutes([shop('passthrough')]);
    const passed = await world.hold();
    expect(await ladder(passed.row.id)).toEqual([...hello, 'connect', 'server-hello']);
    expect(await world.engine.connection(passed.row.id)).toMatchObject({
      tls: 'passthrough',
      sni: 'shop.example.com',
      clientTls: { version: 'TLSv1.3' },
    });
    // Who ended it is still to be seen when it is over.
    await world.engine.kill(passed.row.id);
    await passed.ended;
    await expect
      .poll(() => ladder(passed.row.id), patience)
      .toEqual(expect.arrayContaining(['reset sluice', 'end']));
    edge.close();
    await expect.poll(() => ladder(edge.row.id), patience).toEqual(expect.arrayContaining(['fin client']));
  });

  it('keeps for a while what became of a handshake that failed, and counts it', async () => {
    const failures = new Set<number>();
    world.engine.samples(({ binds }) => {
      for (const { handshakeFailures } of binds) failures.add(handshakeFailures);
    });
    await world.engine.start(world.plan, appReady, inForce(world, 'first'));
    await expect(world.shakeHands('nobody.example.org')).rejects.toThrow(/unrecognized/);
    const query = {
      filter: 'cause~nobody.example.org',
      order: { by: 'age', descending: true },
      offset: 0,
      limit: 9,
      ended: true,
    } as const;
    const ids: string[] = [];
    const watch = world.engine.watchConnections(query, ({ rows }) => ids.push(...rows.map(({ id }) => id)));
    await expect.poll(() => ids.length, patience).toBeGreaterThan(0);
    watch.close();
    const detail = await world.engine.connection(ids[0]!);
    expect(detail).toMatchObject({ sni: 'nobody.example.org', mode: 'tcp', termination: 'PR' });
    expect(detail!.steps.slice(0, 3)).toMatchObject([
      { what: 'accept' },
      { what: 'client-hello', text: expect.stringContaining('SNI nobody.example.org') },
      { what: 'handshake-failed', text: expect.stringContaining('nobody.example.org') },
    ]);
    await expect.poll(() => [...failures].at(-1), patience).toBe(1);
  });

  it('serves on in its modes while there is no runtime', async () => {
    await world.engine.start(world.plan, appReady, inForce(world, 'first', shop('passthrough')));
    const before = world.engine.snapshot();
    world.engine.detach();
    const through = { ...world.engine, snapshot: () => before };
    expect((await world.requestThrough(through)).mode).toBe('passthrough');
  });

  it('says unknown when an instance goes before it has confirmed; its successor knows all the same', async () => {
    await world.engine.start(world.plan, appReady, inForce(world, 'first'));
    const { pid } = world.engine.snapshot().instances[0]!;
    process.kill(pid, 'SIGSTOP');
    const asked = world.engine.setRoutes([shop('reencrypt')]);
    process.kill(pid, 'SIGKILL');
    await expect(asked).rejects.toMatchObject({ code: 'unknown' });
    const serving = () => world.engine.snapshot().instances[0];
    await expect.poll(() => serving()?.pid !== pid && serving()?.state, patience).toBe('serving');
    expect((await world.request()).mode).toBe('reencrypt');
  });

  describe('of two instances', () => {
    const twice = () => {
      const [shard] = world.plan.shards;
      return { ...world.plan, shards: [{ ...shard!, instances: 2 }] };
    };
    /** By the life in a connection's id. */
    const instanceOf = (id: string) => id.slice(0, id.indexOf('-'));

    it('changes both before it confirms', async () => {
      await world.engine.start(twice(), appReady, inForce(world, 'first'));
      const met = new Set<string>();
      for (const mode of ['passthrough', 'reencrypt', 'edge'] as const) {
        await world.engine.setRoutes([shop(mode)]);
        const seen = await Promise.all(Array.from({ length: 12 }, () => world.hold()));
        expect(new Set(seen.map((each) => each.met.mode))).toEqual(new Set([mode]));
        for (const { row } of seen) met.add(instanceOf(row.id));
      }
      expect(met.size).toBe(2);
      expect(await world.engine.endInOtherModes('shop', 'kill')).toBe(24);
    });

    it('switches five times under load: nobody fails, and nobody comes in by a mode that is over', async () => {
      await world.engine.start(twice(), appReady, inForce(world, 'first'));
      const stayers = await Promise.all(Array.from({ length: 4 }, () => world.hold()));
      let inForceNow: Set<Termination> = new Set(['edge']);
      const underWay = new Set<Set<Termination>>();
      const wrong: string[] = [];
      const seen = new Map<Termination, number>();
      let going = true;
      const comeAndGo = async () => {
        while (going) {
          // Whatever is in force at any time until it is over may be met.
          const allowed = new Set(inForceNow);
          underWay.add(allowed);
          const { mode } = await world.request();
          underWay.delete(allowed);
          seen.set(mode, (seen.get(mode) ?? 0) + 1);
          if (!allowed.has(mode)) wrong.push(`${mode}, not ${[...allowed]}`);
        }
      };
      const clients = Array.from({ length: 6 }, comeAndGo);
      for (const mode of ['reencrypt', 'passthrough', 'edge', 'passthrough', 'reencrypt'] as const) {
        inForceNow = new Set([...inForceNow, mode]);
        for (const allowed of underWay) allowed.add(mode);
        await world.engine.setRoutes([shop(mode)]);
        inForceNow = new Set([mode]);
        const before = seen.get(mode) ?? 0;
        await expect.poll(() => seen.get(mode) ?? 0, patience).toBeGreaterThan(before + 12);
      }
      going = false;
      await Promise.all(clients);
      expect(wrong).toEqual([]);
      for (const stayer of stayers) expect(await stayer.again()).toBe('edge');
    });

    it('tells the one that is there although the other is being replaced', async () => {
      await world.engine.start(twice(), appReady, inForce(world, 'first'));
      const { pid } = world.engine.snapshot().instances[0]!;
      process.kill(pid, 'SIGKILL');
      const states = () => world.engine.snapshot().instances.map(({ state }) => state);
      await expect.poll(states, patience).not.toEqual(['serving', 'serving']);
      await world.engine.setRoutes([shop('reencrypt')]).catch(() => {});
      await expect.poll(states, patience).toEqual(['serving', 'serving']);
      const seen = await Promise.all(Array.from({ length: 12 }, () => world.request()));
      expect(new Set(seen.map(({ mode }) => mode))).toEqual(new Set(['reencrypt']));
    });

    it('brings one to its plan although the other does not answer', async () => {
      await world.engine.start(twice(), appReady, inForce(world, 'first'));
      const [one, other] = world.engine.snapshot().instances.map(({ pid }) => pid) as [number, number];
      process.kill(one, 'SIGSTOP');
      // The second one may go before it has confirmed, or after.
      const asked = world.engine.setRoutes([shop('reencrypt')]).catch((error) => error.code);
      process.kill(other, 'SIGKILL');
      const second = () => world.engine.snapshot().instances[1];
      await expect.poll(() => second()?.pid !== other && second()?.state, patience).toBe('serving');
      process.kill(one, 'SIGCONT');
      expect([undefined, 'unknown']).toContain(await asked);
      const seen = await Promise.all(Array.from({ length: 12 }, () => world.request()));
      expect(new Set(seen.map(({ mode }) => mode))).toEqual(new Set(['reencrypt']));
    });

    it('resumes sessions wherever they began', async () => {
      await world.engine.start(twice(), appReady, inForce(world, 'first'));
      const { session } = await world.resume();
      const later = await Promise.all(Array.from({ length: 12 }, () => world.resume(session)));
      expect(later.map(({ resumed }) => resumed)).toEqual(later.map(() => true));
    });
  });

  it('tells what of its files it cannot use, and never a line of a key', async () => {
    const { cert, key } = { cert: 'shop.pem', key: 'shop.key' };
    const { tickets, files } = world.material('first');
    const broken = files.map((file) =>
      file.path.endsWith(key) ? { ...file, content: world.material('second').files[1]!.content } : file,
    );
    await world.engine.start(world.plan, appReady, { routes: [], material: { tickets, files: broken } });
    const text = () => world.engine.snapshot().instances[0]?.text ?? '';
    expect(text()).toContain(cert);
    for (const line of world.keys.flatMap((each) => each.split('\n').slice(1, -2)))
      expect(text()).not.toContain(line);
    await world.engine.setTlsMaterial(world.material('first'));
    expect(text()).toBe('');
    expect(await world.request()).toEqual({ mode: 'edge', certificate: 'first' });
  });
});
