// An engine whose clients and servers are reached through nftables where the plan says so: steered to their instance, translated
// to a service's endpoints, sent on by the kernel alone. Wraps the engine that relays, which goes on whatever the kernel says:
// what cannot be had there is told as a state, with its reason, and tried again.

import type { Clock } from '../../domain/clock.ts';
import type { EngineSample } from '../../domain/counters.ts';
import { createEmitter } from '../../domain/event.ts';
import type { Plan } from '../../domain/plan.ts';
import type { ServerWish } from '../../domain/server-state.ts';
import type { Kernel } from '../../nft/kernel.ts';
import type { Engine, EngineChange } from '../engine.ts';
import { detailOf } from './kernel-connection.ts';
import { createPathFlows, type KernelConnection } from './path-flows.ts';
import { createPathSamples } from './path-samples.ts';
import { watchWithKernel } from './path-window.ts';
import { createPaths } from './paths.ts';
import { createServiceKeeper } from './services.ts';
import { createSteer } from './steer.ts';

export function withKernel<E extends Engine>(engine: E, kernel: Kernel, clock: Clock): E {
  const changes = createEmitter<EngineChange>();
  const samples = createEmitter<EngineSample>();
  const steer = createSteer({
    engine,
    kernel,
    clock,
    changed: (steering) => changes.emit({ kind: 'steering', steering }),
  });
  const services = createServiceKeeper({
    engine,
    kernel,
    clock,
    changed: (service) => changes.emit({ kind: 'service', service }),
  });
  const paths = createPaths({
    engine,
    kernel,
    clock,
    changed: (bind) => changes.emit({ kind: 'bind', bind }),
    isTracked: (id) => flows.has(id),
  });
  const flows = createPathFlows({
    kernel,
    clock,
    rules: () => paths.rules,
    listed() {
      const sample = sampled.changed(clock.now());
      if (sample !== undefined) samples.emit(sample);
    },
  });
  const sampled = createPathSamples(flows);
  engine.changes((change) =>
    changes.emit(change.kind === 'bind' ? { kind: 'bind', bind: paths.withPath(change.bind) } : change),
  );
  engine.samples((sample) => samples.emit(sampled.with(sample)));
  let atExit: Plan['runtime']['nft']['atExit'] = 'remove';
  let leaveBy = Number.POSITIVE_INFINITY;
  const rows = () => [...flows.connections.values()].map(({ row }) => row);

  /** Addresses are translated before the first connection to them; clients are steered, and sent on, once somebody serves. */
  async function taking(
    plan: Plan,
    wishes: readonly ServerWish[],
    take: (relayed: Plan) => Promise<void>,
  ): Promise<void> {
    await services.coming(plan, wishes);
    paths.coming();
    await flows.planned(plan);
    try {
      await take(paths.relayed(plan));
    } catch (error) {
      await services.refused();
      throw error;
    }
    await services.planned();
    steer.planned(plan);
    atExit = plan.runtime.nft.atExit;
    await paths.planned(plan, wishes);
  }

  /** Each side is told with its next packet. */
  async function end(list: readonly KernelConnection[]): Promise<number> {
    if (list.length === 0) return 0;
    await paths.end(list.map(({ flow }) => flow.id));
    flows.end(list);
    return list.length;
  }

  /** Once the rules are gone, the kernel translates nothing any more: connections get their time before. */
  async function finish(graceMs: number): Promise<void> {
    leaveBy = Math.min(leaveBy, clock.now() + graceMs);
    if (atExit === 'stay' || flows.connections.size + paths.rules.length === 0) return;
    await untilLeaving(paths.rest());
    await untilLeaving(flows.look());
    while (flows.connections.size > 0 && clock.now() < leaveBy) {
      await pause();
      await untilLeaving(flows.look());
    }
  }

  const pause = () =>
    new Promise<void>((resolve) => clock.after(Math.max(0, Math.min(200, leaveBy - clock.now())), resolve));

  /** What nft or conntrack hold up keeps nobody longer; and `leaveBy` may come nearer meanwhile. */
  async function untilLeaving(work: Promise<void>): Promise<void> {
    let isDone = false;
    const done = work.finally(() => {
      isDone = true;
    });
    while (!isDone && clock.now() < leaveBy) await Promise.race([done, pause()]);
  }

  return {
    ...engine,
    changes: changes.event,
    samples: samples.event,
    start: (plan, wishes, tls) => taking(plan, wishes, (relayed) => engine.start(relayed, wishes, tls)),
    apply: (plan, wishes, tls) => taking(plan, wishes, (relayed) => engine.apply(relayed, wishes, tls)),
    async setServers(wishes) {
      await services.setServers(wishes);
      // Whatever becomes of the kernel's clients: those that are relayed must not be sent to who is down.
      const [relayed, sentOn] = await Promise.allSettled([
        engine.setServers(wishes),
        paths.setServers(wishes),
      ]);
      for (const each of [relayed, sentOn]) if (each.status === 'rejected') throw each.reason;
    },
    snapshot() {
      const own = engine.snapshot();
      return {
        ...own,
        binds: [...own.binds.map(paths.withPath), ...paths.binds()],
        steering: steer.steering,
        services: services.services,
      };
    },
    watchConnections: (query, listener) => watchWithKernel(engine, rows, query, listener),
    async connection(id) {
      const own = flows.connections.get(id);
      return own === undefined ? engine.connection(id) : detailOf(own);
    },
    async kill(id) {
      const own = flows.connections.get(id);
      return own === undefined ? engine.kill(id) : (await end([own])) > 0;
    },
    async killOnServer(server, count) {
      const killed = await engine.killOnServer(server, count);
      const own = [...flows.connections.values()].filter(({ row }) => row.server === server);
      return killed + (await end(own.slice(0, Math.max(0, count - killed))));
    },
    async stop(graceMs) {
      steer.close();
      await Promise.all([engine.stop(graceMs), finish(graceMs)]);
      services.close();
      flows.close();
      paths.close();
    },
  };
}
