// Everything that view functions may look at, besides the state of their own screen: one reading of the world.

import type { AttachState } from '../client/runtime-client.ts';
import type { DrainJob } from '../domain/drain.ts';
import type { KernelEntity } from '../domain/kernel.ts';
import type { Model, RuntimeEntity, ServerEntity } from '../domain/model.ts';
import type { ServerKey } from '../domain/plan.ts';
import type { TlsSwitch } from '../domain/tls-switch.ts';
import type { Traffic } from './traffic.ts';

export interface View {
  readonly model: Model;
  readonly attach: AttachState;
  readonly traffic: Traffic;
  /** The runtime's wall clock. Stands still at the last message while what is shown is not the present. */
  readonly now: number;
  /** The same clock, which never stands still. */
  readonly present: number;
  /** When the runtime was last heard (its own clock). */
  readonly heardAt: number;
  readonly stale: boolean;
  /** Since when the operator holds the picture still (runtime's clock). */
  readonly frozenAt?: number;
  /** Reverted switches that the operator has looked at: see switchName. */
  readonly looked: ReadonlySet<string>;
  readonly timeOfDay: (at: number) => string;
}

/** Silent for so long, an attachment may be called live, but what it shows is not the present. */
export const silenceMs = 5_000;

/** One switch of one route: the same route may be switched, and reverted, again. */
export function switchName({ route, startedAt }: Pick<TlsSwitch, 'route' | 'startedAt'>): string {
  return `${route} ${startedAt}`;
}

export function runtimeOf(view: View): RuntimeEntity | undefined {
  return view.model.runtime.get('runtime');
}

/** Undefined of a runtime that tells nothing of the kernel. */
export function kernelOf(view: View): KernelEntity | undefined {
  return view.model.kernel.get('kernel');
}

export function isDemo(view: View): boolean {
  return runtimeOf(view)?.demo === true;
}

export function serversOf(view: View, backend: string): ServerEntity[] {
  const keys = view.model.backend.get(backend)?.servers ?? [];
  return keys.flatMap((key) => view.model.server.get(key) ?? []);
}

export function drainOf(view: View, server: ServerKey): DrainJob | undefined {
  return view.model.drain.get(server);
}

/** What to do where there is no backend to show. */
export function noBackends({ model }: View): string {
  return model.runtime.size === 0
    ? 'The backends show here once the runtime answers.'
    : 'No backends are configured. Add one under "backends:" and reload.';
}
