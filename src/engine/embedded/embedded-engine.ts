// The embedded engine, as its runtime sees it: starts or adopts an acceptor with its instances, brings each instance to
// the plan and server states that hold, and keeps them there when one is replaced. Moves no byte itself.

import { join } from 'node:path';
import type { Clock } from '../../domain/clock.ts';
import type { ConnectionDetail } from '../../domain/connection.ts';
import type { EngineSample } from '../../domain/counters.ts';
import { createEmitter } from '../../domain/event.ts';
import type { Capabilities } from '../../domain/model.ts';
import { type Plan, type ServerKey, serverKey } from '../../domain/plan.ts';
import type { ServerWish } from '../../domain/server-state.ts';
import type { RouteWish, TlsMaterial } from '../../domain/tls.ts';
import { splitConnectionId } from '../../proxy/stream-record.ts';
import { type Engine, type EngineChange, EngineError, type TlsInForce } from '../engine.ts';
import { type AcceptorPeer, createAcceptorPeer } from './acceptor-peer.ts';
import { type AttachedInstance, attachedInstance } from './attached-instances.ts';
import { clearDirectory, engineSocket, prepareDirectory } from './directory.ts';
import { createEngineEntities } from './engine-entities.ts';
import { type EngineListener, listenForDataPlane } from './engine-listener.ts';
import type { FromInstance, InstanceClients, InstanceHello, ToInstance } from './messages.ts';
import { createOnlookers } from './onlookers.ts';
import { createSampleMerge } from './sample-merge.ts';
import { noMaterial, tlsFor, wishesOver } from './tls-state.ts';
import { createWaiters } from './waiters.ts';

export interface EmbeddedEngineOptions {
  /** Owner-only; made where missing. A runtime that is started again with the same one adopts what serves there. */
  readonly directory: string;
  readonly clock: Clock;
  /** The data plane ends two seconds after its runtime went away: for demos and consoles that bring their own. */
  readonly exitWithRuntime: boolean;
  /** Where the data plane prints; "ignore" while a console owns the terminal. */
  readonly output?: 'inherit' | 'ignore';
}

export interface EmbeddedEngine extends Engine {
  /** Leaves the data plane serving, for a runtime that is started next. */
  detach(): void;
}

const capabilities: Capabilities = {
  drain: true,
  maint: true,
  weight: true,
  kill: true,
  'kill-server': true,
  connections: true,
  tail: true,
  reload: true,
  latency: true,
  tls: true,
  shards: true,
};

/** Longest wait for an instance to be there: starting Node takes a fraction of a second, a loaded machine longer. */
const attachMs = 15_000;
/** How long instances remember a client (domain/shard-plan.ts). */
const observedMs = 60_000;
/** After its time of grace an instance has this long to say that it is done. */
const stopMarginMs = 3_000;
/** Told a second time it has less. */
const hurryMarginMs = 500;

export function createEmbeddedEngine(options: EmbeddedEngineOptions): EmbeddedEngine {
  const { clock, directory } = options;
  const changes = createEmitter<EngineChange>();
  const samples = createEmitter<EngineSample>();
  const onlookers = createOnlookers();
  const merge = createSampleMerge(({ id, hello }: AttachedInstance) => ({ id, startedAt: hello.startedAt }));
  /** By instance id: the one that serves under that name. */
  const attached = new Map<string, AttachedInstance>();
  /** Those, and who still carries connections beside its successor. */
  const linked = new Set<AttachedInstance>();
  const entities = createEngineEntities(changes);
  const waiters = createWaiters<AttachedInstance>(clock);
  const wishes = new Map<ServerKey, ServerWish>();
  let plan: Plan | undefined;
  let tls: TlsInForce = { routes: [], material: noMaterial() };
  let listener: EngineListener | undefined;
  let acceptor: AcceptorPeer | undefined;
  /** Starting: whoever dials in waits for `start` to bring it to the plan. */
  let phase: 'new' | 'starting' | 'running' | 'stopped' = 'new';
  let stopping: Promise<void> | undefined;
  let stopWaiting = () => {};
  /** Plans are taken one after another. */
  let turn: Promise<unknown> = Promise.resolve();

  const inTurn = <T>(act: () => Promise<T>): Promise<T> => {
    const next = turn.then(act, act);
    turn = next.catch(() => {});
    return next;
  };
  /**
   * Said in turn with plans, and with whoever is brought to one: an older mode is never told after a newer one. Not
   * waited for in turn: an instance that does not answer must not keep another from being brought to its plan.
   */
  const toldInTurn = async (tell: () => Promise<void>): Promise<void> => {
    const [confirmation] = await inTurn(async () => [tell()] as const);
    await confirmation;
  };

  /** The wishes that hold for a plan: those known, overlaid with the new ones; of servers it has only. */
  function wishesFor(next: Plan, list: readonly ServerWish[]): ServerWish[] {
    const all = new Map([...wishes, ...list.map((wish) => [wish.server, wish] as const)]);
    return next.backends
      .flatMap((backend) => backend.servers.map((server) => all.get(serverKey(backend.name, server.name))))
      .filter((wish) => wish !== undefined);
  }
  function adoptWishes(list: readonly ServerWish[]): void {
    wishes.clear();
    for (const wish of list) wishes.set(wish.server, wish);
  }

  /** One that serves this very plan keeps serving untouched. */
  async function bringTo(
    instance: AttachedInstance,
    next: Plan,
    list: readonly ServerWish[],
    nextTls: TlsInForce,
  ): Promise<void> {
    const { routes, material } = tlsFor(next, nextTls);
    if (instance.hello.planHash === next.hash) {
      await instance.ask({ kind: 'setServers', wishes: list });
      // The files first: a mode may need one that the instance has not seen.
      instance.hello = (await instance.ask({ kind: 'setTlsMaterial', material })) as InstanceHello;
      await instance.ask({ kind: 'setRoutes', wishes: routes });
    } else
      instance.hello = (await instance.ask({
        kind: 'apply',
        plan: next,
        wishes: list,
        tls: { routes, material },
      })) as InstanceHello;
    entities.setInstance(instance, 'serving');
    entities.setBinds(instance.hello);
  }

  function dialledIn(instance: AttachedInstance): void {
    attached.set(instance.id, instance);
    linked.add(instance);
    entities.setInstance(instance, 'starting');
    onlookers.attached(instance);
    waiters.arrived(instance.id, instance);
    if (phase === 'running') void catchUp(instance);
  }

  /** A replacement, or one whose link broke: it gets what holds now, not what it missed. */
  async function catchUp(instance: AttachedInstance): Promise<void> {
    try {
      await inTurn(async () => {
        if (plan !== undefined && attached.get(instance.id) === instance)
          await bringTo(instance, plan, [...wishes.values()], tls);
      });
    } catch (error) {
      if (attached.get(instance.id) !== instance || phase !== 'running') return;
      const text = error instanceof Error ? error.message : String(error);
      entities.setInstance(instance, 'starting', text);
      clock.after(1_000, () => void catchUp(instance));
    }
  }

  function take(instance: AttachedInstance, message: FromInstance): void {
    switch (message.kind) {
      case 'sample':
        samples.emit(merge.take(instance, message.sample));
        return;
      case 'window':
      case 'tail':
        onlookers.message(instance, message);
        return;
      case 'binds':
        entities.setBinds({ ...instance.hello, binds: message.binds });
        return;
      case 'leaving':
        instance.leaving = true;
        if (entities.isNewest(instance)) entities.setInstance(instance, 'leaving');
        return;
      case 'problem':
        if (entities.isNewest(instance))
          entities.setInstance(instance, instance.leaving ? 'leaving' : 'serving', message.text);
        return;
      case 'instance':
        return;
    }
  }

  function lost(instance: AttachedInstance): void {
    onlookers.left(instance);
    const last = merge.left(instance, clock.now());
    if (last !== undefined && phase === 'running') samples.emit(last);
    linked.delete(instance);
    if (attached.get(instance.id) === instance) attached.delete(instance.id);
  }

  const started = (id: string, pid: number) => {
    if (entities.get(id)?.pid === pid || phase === 'stopped') return;
    const shard = id.slice(0, id.lastIndexOf('/'));
    entities.set({
      id,
      name: id,
      shard,
      pid,
      state: 'starting',
      planHash: '',
      startedAt: clock.now(),
      version: '',
      crashes: 0,
    });
  };
  const gone = (id: string, pid: number, text: string) => {
    const entity = entities.get(id);
    // Its successor may be there already: then the name is not gone.
    if (entity?.pid === pid) {
      entities.set({ ...entity, state: 'gone', text });
      if (plan !== undefined && !instancesOf(plan).some((each) => each.id === id)) entities.delete(id);
    }
    if (phase === 'starting') waiters.fail(id, new EngineError('instance-failed', `instance ${id}: ${text}`));
  };

  async function everyInstance(of: Plan): Promise<AttachedInstance[]> {
    return Promise.all(instancesOf(of).map(({ id }) => attached.get(id) ?? waiters.wait(id, attachMs)));
  }

  async function start(next: Plan, list: readonly ServerWish[], nextTls: TlsInForce = tls): Promise<void> {
    prepareDirectory(directory);
    listener = await listenForDataPlane(join(directory, engineSocket), {
      instance(hello, link) {
        const instance = attachedInstance(hello, link);
        dialledIn(instance);
        return { message: (message) => take(instance, message), closed: () => lost(instance) };
      },
      acceptor: (hello, link) => acceptor!.dialledIn(hello, link),
      refused: (reason) => {
        if (phase === 'starting') waiters.failAll(new EngineError('instance-failed', reason));
      },
    });
    acceptor = createAcceptorPeer({
      ...options,
      output: options.output ?? 'inherit',
      started,
      gone,
      failed: (reason) => waiters.failAll(new EngineError('instance-failed', reason)),
      isNeeded: () => phase === 'running' && attached.size === 0,
    });
    const adopted = await acceptor.find();
    try {
      acceptor.run(instancesOf(next));
      const instances = await everyInstance(next);
      for (const instance of instances) await bringTo(instance, next, list, nextTls);
    } catch (error) {
      // What was serving before goes on; what was started for this goes with it.
      if (!adopted) await acceptor.leave();
      hangUp();
      if (!adopted) clearDirectory(directory);
      throw error;
    }
    plan = next;
    tls = { ...nextTls, routes: wishesOver(next, [], nextTls.routes) };
    adoptWishes(wishesFor(next, list));
    merge.keep(next);
    phase = 'running';
  }

  async function apply(next: Plan, list: readonly ServerWish[], nextTls: TlsInForce = tls): Promise<void> {
    const before = running();
    const held = [...wishes.values()];
    const heldTls = tls;
    acceptor!.run([
      ...new Map([...instancesOf(before), ...instancesOf(next)].map((each) => [each.id, each])).values(),
    ]);
    const took: AttachedInstance[] = [];
    const nextWishes = wishesFor(next, list);
    try {
      for (const instance of await everyInstance(next)) {
        await bringTo(instance, next, nextWishes, nextTls);
        took.push(instance);
      }
    } catch (error) {
      // In every instance or in none. One that went away comes back to the plan that still holds.
      for (const instance of took) await bringTo(instance, before, held, heldTls).catch(() => {});
      acceptor!.run(instancesOf(before));
      if (error instanceof EngineError && error.code === 'unknown')
        throw new EngineError('instance-failed', error.message, { cause: error });
      throw error;
    }
    plan = next;
    tls = { ...nextTls, routes: wishesOver(next, [], nextTls.routes) };
    adoptWishes(nextWishes);
    merge.keep(next);
    acceptor!.run(instancesOf(next));
  }

  function running(): Plan {
    if (phase !== 'running' || plan === undefined)
      throw new EngineError('stopped', 'the engine does not run');
    return plan;
  }

  /** The serving ones. @throws EngineError `unknown` while one is being replaced: what it would have said is not known. */
  function serving(): AttachedInstance[] {
    return instancesOf(running()).map(({ id }) => {
      const instance = attached.get(id);
      if (instance !== undefined) return instance;
      throw beingReplaced(id);
    });
  }

  async function setRoutes(list: readonly RouteWish[]): Promise<void> {
    const next = running();
    // Written down first: whoever is being replaced meanwhile comes back to these.
    tls = { ...tls, routes: wishesOver(next, tls.routes, list) };
    await confirmed({ kind: 'setRoutes', wishes: wishesOver(next, [], list) });
  }

  async function setTlsMaterial(material: TlsMaterial): Promise<void> {
    running();
    tls = { ...tls, material };
    await confirmed({ kind: 'setTlsMaterial', material }, (instance, hello) => {
      instance.hello = hello as InstanceHello;
      if (entities.isNewest(instance))
        entities.setInstance(instance, instance.leaving ? 'leaving' : 'serving');
    });
  }

  /** Tells everybody; resolves once those that serve have confirmed. @throws EngineError `unknown` */
  async function confirmed(
    message: ToInstance,
    answered: (instance: AttachedInstance, answer: unknown) => void = () => {},
  ): Promise<void> {
    const missing = instancesOf(running()).find(({ id }) => !attached.has(id));
    const confirming = missing === undefined ? serving() : [...attached.values()];
    for (const each of linked) if (!confirming.includes(each)) each.tell(message);
    await Promise.all(confirming.map(async (each) => answered(each, await each.ask(message))));
    if (missing !== undefined) throw beingReplaced(missing.id);
  }

  function hangUp(): void {
    phase = 'stopped';
    acceptor?.close();
    listener?.close();
    waiters.failAll(new EngineError('stopped', 'the engine was stopped'));
  }

  /** Told again while it is under way, it is over after the shorter time. */
  function stop(graceMs: number): Promise<void> {
    if (stopping === undefined && (phase === 'stopped' || phase === 'new')) return Promise.resolve();
    phase = 'stopped';
    const answered = Promise.all(
      [...linked].map((each) => each.ask({ kind: 'stop', graceMs }).catch((error) => ignoreUnknown(error))),
    );
    clock.after(graceMs + (stopping === undefined ? stopMarginMs : hurryMarginMs), () => stopWaiting());
    stopping ??= finishStop(answered);
    return stopping;
  }

  async function finishStop(answered: Promise<unknown>): Promise<void> {
    const { promise: waitedLong, resolve } = Promise.withResolvers<void>();
    stopWaiting = resolve;
    await Promise.race([answered, waitedLong]);
    await acceptor?.leave();
    hangUp();
    clearDirectory(directory);
    for (const entity of entities.instances)
      if (entity.state !== 'gone') entities.set({ ...entity, state: 'gone', text: 'stopped' });
  }

  function ofConnection(id: string): { instance: AttachedInstance; serial: number } | undefined {
    const parts = splitConnectionId(id);
    const instance = [...linked].find(({ life }) => life === parts?.life);
    return parts === undefined || instance === undefined ? undefined : { instance, serial: parts.serial };
  }

  return {
    kind: 'embedded',
    capabilities,
    changes: changes.event,
    samples: samples.event,
    start(next, list, nextTls) {
      if (phase !== 'new') return Promise.reject(new EngineError('stopped', 'an engine starts once'));
      phase = 'starting';
      return inTurn(() => start(next, list, nextTls));
    },
    apply: (next, list, nextTls) => inTurn(() => apply(next, list, nextTls)),
    async setServers(list) {
      const { backends } = running();
      const known = new Set(
        backends.flatMap((b) => b.servers.map((server) => serverKey(b.name, server.name))),
      );
      const meant = list.filter(({ server }) => known.has(server));
      // Written down first: whoever is being replaced meanwhile comes back to these.
      for (const wish of meant) wishes.set(wish.server, wish);
      await confirmed({ kind: 'setServers', wishes: meant });
    },
    setRoutes: (list) => toldInTurn(() => setRoutes(list)),
    setTlsMaterial: (material) => toldInTurn(() => setTlsMaterial(material)),
    async endInOtherModes(route, how) {
      running();
      // An instance that goes away meanwhile takes its connections with it.
      const counts = await Promise.all(
        [...linked].map((each) => each.ask({ kind: 'endInOtherModes', route, how }).catch(ignoreUnknown)),
      );
      return counts.reduce((sum: number, count) => sum + Number(count ?? 0), 0);
    },
    async renew(shard) {
      running();
      throw new EngineError('instance-failed', `shard ${shard}: renewing is not possible yet`);
    },
    async clients() {
      const answers = await Promise.all(
        [...linked].map(async (each) => ({
          each,
          answer: (await each.ask({ kind: 'clients' }).catch(() => undefined)) as InstanceClients | undefined,
        })),
      );
      return {
        overMs: observedMs,
        clients: answers.flatMap(({ each, answer }) =>
          (answer?.clients ?? []).map((client) => ({
            ...client,
            shard: each.hello.shard,
            instance: each.id,
          })),
        ),
        missed: answers.reduce((sum, { answer }) => sum + (answer?.missed ?? 0), 0),
      };
    },
    async kill(connection) {
      running();
      const found = ofConnection(connection);
      if (found === undefined) return false;
      return (await found.instance.ask({ kind: 'kill', serial: found.serial })) === true;
    },
    async killOnServer(server, count) {
      let killed = 0;
      for (const instance of new Set([...serving(), ...linked])) {
        if (killed >= count) break;
        killed += Number(await instance.ask({ kind: 'killOnServer', server, count: count - killed }));
      }
      return killed;
    },
    snapshot: entities.snapshot,
    watchConnections: (query, listener) => onlookers.watch(query, listener),
    async connection(id) {
      const found = ofConnection(id);
      const detail = await found?.instance.ask({ kind: 'connection', serial: found.serial });
      return detail as ConnectionDetail | undefined;
    },
    tail: (filter, listener) => onlookers.tail(filter, listener),
    reopenLogs() {
      for (const instance of linked) {
        // What was wrong with a log is said again if it still is.
        if (entities.isNewest(instance) && entities.get(instance.id)?.state === 'serving')
          entities.setInstance(instance, 'serving');
        instance.tell({ kind: 'reopenLogs' });
      }
    },
    stop,
    detach: hangUp,
  };
}

function instancesOf(plan: Plan): { readonly id: string; readonly shard: string }[] {
  return plan.shards.flatMap(({ name, instances }) =>
    Array.from({ length: instances }, (_, i) => ({ id: `${name}/${i + 1}`, shard: name })),
  );
}

/** Gone before it answered is what was asked for. */
function ignoreUnknown(error: unknown): undefined {
  if (!(error instanceof EngineError && error.code === 'unknown')) throw error;
}

function beingReplaced(id: string): EngineError {
  return new EngineError('unknown', `instance ${id} is being replaced; it will be told once it is back`);
}
