// The rules that every engine keeps about TLS (src/engine/engine.ts), tried on each: scripted and embedded.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EngineSample, RouteSample } from '../../src/domain/counters.ts';
import { type Termination, terminations } from '../../src/domain/tls.ts';
import type { Engine } from '../../src/engine/engine.ts';
import { appReady, type Edition, type HeldTls, inForce, shop, type TlsWorld } from './tls-worlds.ts';

const patience = { timeout: 10_000, interval: 20 };

export function tlsContract(name: string, makeWorld: () => Promise<TlsWorld>): void {
  describe(`${name} engine and TLS`, () => {
    let world: TlsWorld;
    let engine: Engine;
    let held: HeldTls[];
    beforeEach(async () => {
      world = await makeWorld();
      engine = world.engine;
      held = [];
    });
    afterEach(async () => {
      for (const client of held) client.close();
      await engine.stop(0);
      await world.close();
    });
    const start = (...modes: Termination[]) =>
      engine.start(world.plan, appReady, inForce(world, 'first', ...modes.map(shop)));
    const hold = async () => {
      const client = await world.hold();
      held.push(client);
      return client;
    };
    const met = (mode: Termination, certificate: Edition = 'first') => ({
      mode,
      certificate: mode === 'passthrough' ? undefined : certificate,
    });

    it('says that it has TLS', () => {
      expect(engine.capabilities.tls).toBe(true);
    });

    describe('start', () => {
      it('is in the plan’s own mode where nothing else is wished', async () => {
        await start();
        expect(await world.request()).toEqual(met('edge'));
      });
      it.each(terminations)('is in the mode that is wished: %s', async (mode) => {
        await start(mode);
        expect(await world.request()).toEqual(met(mode));
      });
    });

    describe('setRoutes', () => {
      it('changes what the next handshake meets, at each confirmation', async () => {
        await start();
        for (const mode of [
          'passthrough',
          'reencrypt',
          'edge',
          'reencrypt',
          'passthrough',
          'edge',
        ] as const) {
          await engine.setRoutes([shop(mode)]);
          expect(await world.request()).toEqual(met(mode));
        }
      });
      it.each(terminations)('leaves what is open in %s as it is', async (mode) => {
        await start(mode);
        const client = await hold();
        expect(client.met.mode).toBe(mode);
        expect(client.row).toMatchObject({ tls: mode, sni: 'shop.example.com' });
        for (const other of terminations) {
          await engine.setRoutes([shop(other)]);
          expect(await client.again()).toBe(mode);
        }
      });
      it('passes over routes that have no TLS, and those that nobody knows', async () => {
        await start();
        await engine.setRoutes([
          { route: 'plain', termination: 'passthrough' },
          { route: 'nobody', termination: 'passthrough' },
        ]);
        expect(await world.request()).toEqual(met('edge'));
      });
    });

    describe('setTlsMaterial', () => {
      it('changes the certificate of the next handshake', async () => {
        await start();
        const client = await hold();
        expect(client.met.certificate).toBe('first');
        await engine.setTlsMaterial(world.material('second'));
        expect(await world.request()).toEqual(met('edge', 'second'));
        expect(await client.again()).toBe('edge');
      });
    });

    describe('apply', () => {
      it('goes on with modes and files where it is given none', async () => {
        await start('reencrypt');
        await engine.setTlsMaterial(world.material('second'));
        await engine.apply(world.otherPlan, appReady);
        expect(await world.request()).toEqual(met('reencrypt', 'second'));
      });
      it('takes those that it is given, and those alone', async () => {
        await start('reencrypt');
        await engine.apply(world.otherPlan, appReady, inForce(world, 'second'));
        expect(await world.request()).toEqual(met('edge', 'second'));
      });
      it('that is refused changes neither', async () => {
        await start('reencrypt');
        const refused = engine.apply(
          world.badPlan(),
          appReady,
          inForce(world, 'second', shop('passthrough')),
        );
        await expect(refused).rejects.toMatchObject({ code: 'bind-failed' });
        expect(await world.request()).toEqual(met('reencrypt', 'first'));
      });
      it('leaves open connections in their mode', async () => {
        await start('passthrough');
        const client = await hold();
        await engine.apply(world.otherPlan, appReady, inForce(world, 'first', shop('edge')));
        expect(await client.again()).toBe('passthrough');
      });
    });

    describe('endInOtherModes', () => {
      it('retire ends what can be ended gracefully, and counts all', async () => {
        await start('edge');
        const edge = await hold();
        await engine.setRoutes([shop('passthrough')]);
        const passed = await hold();
        await engine.setRoutes([shop('reencrypt')]);
        const present = await hold();
        expect(await engine.endInOtherModes('shop', 'retire')).toBe(2);
        await edge.ended;
        expect(await passed.again()).toBe('passthrough');
        expect(await present.again()).toBe('reencrypt');
      });
      it('kill ends all of them, at once', async () => {
        await start('edge');
        const edge = await hold();
        await engine.setRoutes([shop('passthrough')]);
        const passed = await hold();
        await engine.setRoutes([shop('reencrypt')]);
        const present = await hold();
        expect(await engine.endInOtherModes('shop', 'kill')).toBe(2);
        await Promise.all([edge.ended, passed.ended]);
        expect(await engine.endInOtherModes('shop', 'kill')).toBe(0);
        expect(await present.again()).toBe('reencrypt');
      });
      it('leaves alone what is in the present mode, and other routes', async () => {
        await start('edge');
        const client = await hold();
        expect(await engine.endInOtherModes('shop', 'kill')).toBe(0);
        expect(await engine.endInOtherModes('nobody', 'kill')).toBe(0);
        expect(await client.again()).toBe('edge');
      });
    });

    describe('an instance that dies', () => {
      it('is replaced by one with the modes and files that hold', async () => {
        await start();
        await engine.setRoutes([shop('reencrypt')]);
        await engine.setTlsMaterial(world.material('second'));
        const [{ pid } = { pid: 0 }] = engine.snapshot().instances;
        world.killInstance();
        const serving = () => engine.snapshot().instances[0];
        await expect.poll(() => serving()?.pid !== pid && serving()?.state, patience).toBe('serving');
        expect(await world.request()).toEqual(met('reencrypt', 'second'));
      });
    });

    describe('samples of routes', () => {
      const newest = (samples: readonly EngineSample[]): RouteSample | undefined =>
        samples.flatMap(({ routes }) => routes).findLast((each) => each.name === 'shop');

      it('hold every route at first, then what changed', async () => {
        const samples: EngineSample[] = [];
        engine.samples((sample) => samples.push(sample));
        await start();
        await expect
          .poll(() => samples[0]?.routes.map((each) => each.name), patience)
          .toEqual(['shop', 'plain']);
        await expect.poll(() => samples.at(-1)?.routes, patience).toEqual([]);
      });
      it('count handshakes, and what is open by the mode it came in', async () => {
        const samples: EngineSample[] = [];
        engine.samples((sample) => samples.push(sample));
        await start('edge');
        const edge = await hold();
        await engine.setRoutes([shop('passthrough')]);
        await hold();
        await expect
          .poll(() => newest(samples), patience)
          .toMatchObject({ open: { edge: 1, passthrough: 1, reencrypt: 0 }, handshakes: 1 });
        edge.close();
        await expect.poll(() => newest(samples)?.open, patience).toMatchObject({ edge: 0, passthrough: 1 });
      });
    });

    it('is refused as stopped once it was', async () => {
      await start();
      await engine.stop(0);
      const stopped = { name: 'EngineError', code: 'stopped' };
      await expect(engine.setRoutes([shop('edge')])).rejects.toMatchObject(stopped);
      await expect(engine.setTlsMaterial(world.material('first'))).rejects.toMatchObject(stopped);
      await expect(engine.endInOtherModes('shop', 'kill')).rejects.toMatchObject(stopped);
    });
  });
}
