// An engine whose clients and servers are reached through nftables where the plan says so: steered to their instance, translated
// to a service's endpoints, sent on by the kernel alone. Wraps the engine that relays, which goes on whatever the kernel says:
// what cannot be had there is told as a state, with its reason, and tried again.

import type { Clock } from '../../domain/clock.ts';
import { createEmitter } from '../../domain/event.ts';
import type { Plan } from '../../domain/plan.ts';
import type { ServerWish } from '../../domain/server-state.ts';
import type { Kernel } from '../../nft/kernel.ts';
import type { Engine, EngineChange } from '../engine.ts';
import { createServiceKeeper } from './services.ts';
import { createSteer } from './steer.ts';

export function withKernel<E extends Engine>(engine: E, kernel: Kernel, clock: Clock): E {
  const changes = createEmitter<EngineChange>();
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
  engine.changes(changes.emit);

  /** Addresses are translated before the first connection to them; clients are steered once their instances serve. */
  async function taking(plan: Plan, wishes: readonly ServerWish[], take: () => Promise<void>): Promise<void> {
    await services.coming(plan, wishes);
    try {
      await take();
    } catch (error) {
      await services.refused();
      throw error;
    }
    await services.planned();
    steer.planned(plan);
  }

  return {
    ...engine,
    changes: changes.event,
    start: (plan, wishes, tls) => taking(plan, wishes, () => engine.start(plan, wishes, tls)),
    apply: (plan, wishes, tls) => taking(plan, wishes, () => engine.apply(plan, wishes, tls)),
    async setServers(wishes) {
      await services.setServers(wishes);
      await engine.setServers(wishes);
    },
    snapshot: () => ({
      ...engine.snapshot(),
      steering: steer.steering,
      services: services.services,
    }),
    async stop(graceMs) {
      steer.close();
      await engine.stop(graceMs);
      services.close();
    },
  };
}
