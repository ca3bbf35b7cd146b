// The life of an embedded engine: it starts or adopts instances, brings each to what holds, takes other plans with other
// numbers of instances, has instances replaced one after another, and ends them all.

import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Plan } from '../../domain/plan.ts';
import type { ServerWish } from '../../domain/server-state.ts';
import { EngineError, type TlsInForce } from '../engine.ts';
import { type AcceptorPeer, createAcceptorPeer } from './acceptor-peer.ts';
import { type AttachedInstance, type AttachedInstances, attachedInstance } from './attached-instances.ts';
import { clearDirectory, engineSocket, prepareDirectory } from './directory.ts';
import type { EmbeddedEngineOptions } from './embedded-engine.ts';
import type { EngineEntities, InstanceEnd } from './engine-entities.ts';
import { type EngineListener, listenForDataPlane } from './engine-listener.ts';
import { crewOf, type HeldPlan, type InForce, instancesOf } from './held-plan.ts';
import { ignoreUnknown } from './instance-telling.ts';
import type { FromInstance, HeldChange, InstanceHello } from './messages.ts';
import { siblingProgram } from './sibling-program.ts';
import { tlsFor } from './tls-state.ts';
import { createWaiters } from './waiters.ts';

export interface EngineLife {
  /** Starting: whoever dials in waits for `start` to bring it to the plan. */
  readonly phase: 'new' | 'starting' | 'running' | 'stopped';
  start(next: Plan, list: readonly ServerWish[], tls?: TlsInForce): Promise<void>;
  apply(next: Plan, list: readonly ServerWish[], tls?: TlsInForce): Promise<void>;
  renew(shard: string): Promise<void>;
  /** Of what holds, besides the plan: kept for instances that are started while no runtime is there. */
  changed(change: HeldChange): void;
  /** Told again while it is under way, it is over after the shorter time. */
  stop(graceMs: number): Promise<void>;
  hangUp(): void;
  /**
   * Said in turn with plans, and with whoever is brought to one: an older mode is never told after a newer one. Not
   * waited for in turn: an instance that does not answer must not keep another from being brought to its plan.
   */
  toldInTurn(tell: () => Promise<void>): Promise<void>;
}

export interface EngineLifeOptions extends EmbeddedEngineOptions {
  readonly instances: AttachedInstances;
  readonly entities: EngineEntities;
  readonly held: HeldPlan;
  readonly planTaken: (plan: Plan) => void;
  readonly attached: (instance: AttachedInstance) => void;
  readonly said: (instance: AttachedInstance, message: FromInstance) => void;
  readonly lost: (instance: AttachedInstance) => void;
}

/** Longest wait for an instance to be there: starting Node takes a fraction of a second, a loaded machine longer. */
const attachMs = 15_000;
/** An instance dials at least as often. */
const orphanMs = 1_000;
/** One that cannot take its plan is tried again. */
const againMs = 1_000;
/** After its time of grace an instance has this long to say that it is done. */
const stopMarginMs = 3_000;
/** Told a second time it has less. */
const hurryMarginMs = 500;

export function createEngineLife(options: EngineLifeOptions): EngineLife {
  const { clock, directory, instances, entities, held } = options;
  const waiters = createWaiters<AttachedInstance>(clock);
  let phase: EngineLife['phase'] = 'new';
  let listener: EngineListener | undefined;
  let acceptor: AcceptorPeer | undefined;
  let adopted = false;
  let stopping: Promise<void> | undefined;
  let stopWaiting = () => {};
  /** Plans are taken one after another. */
  let turn: Promise<unknown> = Promise.resolve();

  const inTurn = <T>(act: () => Promise<T>): Promise<T> => {
    const next = turn.then(act, act);
    turn = next.catch(() => {});
    return next;
  };

  /** One that serves this very plan keeps serving untouched. */
  async function bringTo(instance: AttachedInstance, to: InForce): Promise<void> {
    const { plan, wishes } = to;
    const tls = tlsFor(plan, to.tls);
    if (instance.hello.planHash === plan.hash) {
      await instance.ask({ kind: 'setServers', wishes });
      // The files first: a mode may need one that the instance has not seen.
      instance.hello = (await instance.ask({
        kind: 'setTlsMaterial',
        material: tls.material,
      })) as InstanceHello;
      await instance.ask({ kind: 'setRoutes', wishes: tls.routes });
    } else {
      // What is wrong with this plan it may say before its answer is looked at.
      instance.problem = undefined;
      instance.hello = (await instance.ask({ kind: 'apply', plan, wishes, tls })) as InstanceHello;
    }
    if (instance.leaving) return;
    const forerunner = instances.ready(instance);
    if (forerunner !== undefined) entities.setInstance(forerunner, 'leaving');
    entities.setInstance(instance, 'serving');
    entities.setBinds(instance.hello);
    waiters.arrived(servingAs(instance.name), instance);
  }

  function dialledIn(instance: AttachedInstance): void {
    instances.add(instance);
    options.attached(instance);
    if (instance.leaving) {
      entities.setInstance(instance, 'leaving');
      return;
    }
    if (!instances.isSuccessor(instance)) entities.setInstance(instance, 'starting');
    waiters.arrived(instance.name, instance);
    if (phase === 'running') void catchUp(instance);
  }

  /** A replacement, or one whose link broke: it gets what holds now, not what it missed. */
  async function catchUp(instance: AttachedInstance): Promise<void> {
    const isThere = () => instances.linked.has(instance) && !instance.leaving;
    try {
      await inTurn(async () => {
        if (held.now !== undefined && isThere()) await bringTo(instance, held.now);
      });
    } catch (error) {
      if (!isThere() || phase !== 'running') return;
      const text = error instanceof Error ? error.message : String(error);
      if (!instances.isSuccessor(instance)) entities.setInstance(instance, 'starting', text);
      clock.after(againMs, () => void catchUp(instance));
    }
  }

  function gone(end: InstanceEnd): void {
    if (phase === 'stopped') return;
    entities.gone(end);
    // Started for the first time it should live; one that was adopted, or serves a plan that is to be changed, may come back.
    if (phase === 'starting' || end.crashes > 1)
      waiters.fail(end.name, new EngineError('instance-failed', `instance ${end.name}: ${end.text}`));
  }

  /** In the plan's order. Those that `maybe` may be away: they are brought to the plan when they are back. */
  async function everyInstance(of: Plan, maybe: (name: string) => boolean): Promise<AttachedInstance[]> {
    const all = await Promise.all(
      instancesOf(of).map(async ({ id }) => {
        const there = instances.get(id);
        if (there !== undefined) return there;
        if (!maybe(id)) return waiters.wait(id, attachMs);
        // It died more than once in a row; or nobody starts it, and it is there within this time or not at all.
        if ((entities.get(id)?.crashes ?? 0) > 1) return undefined;
        return waiters.wait(id, acceptor!.attached ? attachMs : orphanMs).catch(() => undefined);
      }),
    );
    const there = all.filter((each) => each !== undefined);
    if (there.length === 0) throw new EngineError('instance-failed', 'no instance is there');
    return there;
  }

  async function start(next: InForce): Promise<void> {
    prepareDirectory(directory);
    listener = await listenForDataPlane(join(directory, engineSocket), {
      instance(hello, link) {
        const instance = attachedInstance(hello, link);
        dialledIn(instance);
        return {
          message: (message) => options.said(instance, message),
          closed() {
            options.lost(instance);
            instances.delete(instance);
            entities.lost(instance);
          },
        };
      },
      acceptor: (hello, link) => acceptor!.dialledIn(hello, link),
      refused: (reason) => {
        if (phase === 'starting') waiters.failAll(new EngineError('instance-failed', reason));
      },
    });
    acceptor = createAcceptorPeer({
      ...options,
      output: options.output ?? 'inherit',
      program: options.program ?? fileURLToPath(siblingProgram(import.meta.url, 'instance')),
      started: (id, pid, crashes) => {
        if (phase !== 'stopped') entities.started(id, pid, crashes, clock.now());
      },
      gone,
      privatePorts: entities.setPrivatePorts,
      failed: (reason) => waiters.failAll(new EngineError('instance-failed', reason)),
      inForce: () => held.now,
      isNeeded: () => phase === 'running' && instances.linked.size === 0,
      hasInstances: () => instances.linked.size > 0,
    });
    adopted = await acceptor.find();
    try {
      // What is adopted may have other numbers of instances: clients are spread anew when all have the plan.
      if (adopted) acceptor.add(crewOf(next.plan));
      else await acceptor.run(crewOf(next.plan));
      for (const instance of await everyInstance(next.plan, () => adopted)) await bringTo(instance, next);
      if (adopted) await acceptor.run(crewOf(next.plan));
    } catch (error) {
      // What was serving before goes on; what was started for this goes with it.
      if (!adopted) await acceptor.leave();
      hangUp();
      if (!adopted) clearDirectory(directory);
      throw error;
    }
    taken(next);
    phase = 'running';
    for (const instance of instances.linked) if (!isServing(instance, next.plan)) void catchUp(instance);
  }

  const isServing = (instance: AttachedInstance, plan: Plan) =>
    instance.leaving || (instances.get(instance.name) === instance && instance.hello.planHash === plan.hash);

  function taken(next: InForce): void {
    held.take(next);
    acceptor?.hold({ kind: 'apply', ...next });
    entities.keep(next.plan);
    options.planTaken(next.plan);
  }

  async function apply(next: InForce): Promise<void> {
    const before = running();
    const known = new Set(instancesOf(before.plan).map(({ id }) => id));
    const missing = instancesOf(next.plan).find(({ id }) => !known.has(id));
    if (missing !== undefined && !acceptor!.attached)
      throw new EngineError(
        'instance-failed',
        `instance ${missing.id} cannot be started: the acceptor is gone`,
      );
    const took: AttachedInstance[] = [];
    try {
      await acceptor!.run(crewOf(before.plan, next.plan));
      for (const instance of await everyInstance(next.plan, (name) => known.has(name))) {
        await bringTo(instance, next);
        took.push(instance);
      }
    } catch (error) {
      // In every instance or in none. One that went away comes back to the plan that still holds.
      for (const instance of took) await bringTo(instance, before).catch(() => {});
      await acceptor!.run(crewOf(before.plan));
      entities.keep(before.plan);
      if (error instanceof EngineError && error.code === 'unknown')
        throw new EngineError('instance-failed', error.message, { cause: error });
      throw error;
    }
    taken(next);
    await acceptor!.run(crewOf(next.plan));
  }

  function running(): InForce {
    const { now } = held;
    if (phase !== 'running' || now === undefined) throw new EngineError('stopped', 'the engine does not run');
    return now;
  }

  async function renew(shard: string): Promise<void> {
    const names = instancesOf(running().plan).filter((each) => each.shard === shard);
    if (names.length === 0) throw new EngineError('instance-failed', `there is no shard ${shard}`);
    for (const { id } of names) {
      const forerunner = instances.get(id)?.hello.pid;
      const successor = waiters.wait(servingAs(id), attachMs);
      // It may fail after the acceptor has said why.
      successor.catch(() => {});
      await acceptor!.renew(id);
      // The forerunner may have said goodbye before its successor, which serves, is known here to do so.
      const now = entities.get(id);
      if (now?.state !== 'serving' || now.pid === forerunner) await successor;
    }
  }

  function hangUp(): void {
    phase = 'stopped';
    acceptor?.close();
    listener?.close();
    waiters.failAll(new EngineError('stopped', 'the engine was stopped'));
  }

  async function finishStop(answered: Promise<unknown>): Promise<void> {
    const { promise: waitedLong, resolve } = Promise.withResolvers<void>();
    stopWaiting = resolve;
    await Promise.race([answered, waitedLong]);
    await acceptor?.leave();
    hangUp();
    clearDirectory(directory);
    for (const entity of [...entities.instances])
      if (entity.state !== 'gone') entities.set({ ...entity, state: 'gone', text: 'stopped' });
  }

  return {
    get phase() {
      return phase;
    },
    start(next, list, tls) {
      if (phase !== 'new') return Promise.reject(new EngineError('stopped', 'an engine starts once'));
      phase = 'starting';
      return inTurn(() => start(held.with(next, list, tls)));
    },
    apply: (next, list, tls) => inTurn(async () => apply(held.with(next, list, tls))),
    renew,
    changed: (change) => acceptor?.hold(change),
    stop(graceMs) {
      if (stopping === undefined && (phase === 'stopped' || phase === 'new')) return Promise.resolve();
      phase = 'stopped';
      const answered = Promise.all(
        [...instances.linked].map((each) => each.ask({ kind: 'stop', graceMs }).catch(ignoreUnknown)),
      );
      clock.after(graceMs + (stopping === undefined ? stopMarginMs : hurryMarginMs), () => stopWaiting());
      stopping ??= finishStop(answered);
      return stopping;
    },
    hangUp,
    async toldInTurn(tell) {
      const [confirmation] = await inTurn(async () => [tell()] as const);
      await confirmation;
    },
  };
}

/** What is waited for under this name: an instance that serves, not one that has dialled in. */
function servingAs(name: string): string {
  return `${name} serving its plan`;
}
