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
import { detailOf, endFlow } from './kernel-connection.ts';
import { createPathFlows } from './path-flows.ts';
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
  });
  const flows = createPathFlows({
    conntrack: kernel.conntrack,
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
  const rows = () => [...flows.connections.values()].map(({ row }) => row);

  /** Addresses are translated before the first connection to them; clients are steered, and sent on, once somebody serves. */
  async function taking(
    plan: Plan,
    wishes: readonly ServerWish[],
    take: (relayed: Plan) => Promise<void>,
  ): Promise<void> {
    await services.coming(plan, wishes);
    try {
      await take(paths.relayed(plan));
    } catch (error) {
      await services.refused();
      throw error;
    }
    await services.planned();
    steer.planned(plan);
    flows.planned(plan);
    await paths.planned(plan, wishes);
  }

  const ending = { paths, flows, conntrack: kernel.conntrack, clock };

  return {
    ...engine,
    changes: changes.event,
    samples: samples.event,
    start: (plan, wishes, tls) => taking(plan, wishes, (relayed) => engine.start(relayed, wishes, tls)),
    apply: (plan, wishes, tls) => taking(plan, wishes, (relayed) => engine.apply(relayed, wishes, tls)),
    async setServers(wishes) {
      await services.setServers(wishes);
      await paths.setServers(wishes);
      await engine.setServers(wishes);
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
      return own === undefined ? engine.kill(id) : endFlow(own, ending);
    },
    async killOnServer(server, count) {
      let killed = await engine.killOnServer(server, count);
      for (const own of [...flows.connections.values()]) {
        if (killed >= count) break;
        if (own.row.server === server && (await endFlow(own, ending))) killed += 1;
      }
      return killed;
    },
    async stop(graceMs) {
      steer.close();
      await engine.stop(graceMs);
      services.close();
      flows.close();
      paths.close();
    },
  };
}
