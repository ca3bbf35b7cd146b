// What operators changed, held apart from the configuration: values with their author, and the drift they make.

import type { ServerDrift } from '../domain/model.ts';
import type { Server, ServerKey } from '../domain/plan.ts';
import type { AdminState } from '../domain/server-state.ts';

export interface Wished<T> {
  readonly value: T;
  readonly by: string;
  /** Wall clock. */
  readonly at: number;
}

/** Only what differs from the configuration. An empty one is no override. */
export interface Override {
  readonly admin?: Wished<AdminState>;
  readonly weight?: Wished<number>;
}

export const noOverride: Override = {};

export function isEmpty(override: Override): boolean {
  return override.admin === undefined && override.weight === undefined;
}

/** What the configuration says of a server. */
export type Configured = Pick<Server, 'admin' | 'weight'>;

export interface Wish {
  readonly admin?: AdminState;
  readonly weight?: number;
}

/** A value equal to the configuration's is no override. Of a server that is not in it, every value is one. */
export function override(
  before: Override,
  wish: Wish,
  configured: Configured | undefined,
  by: string,
  at: number,
): Override {
  const admin =
    wish.admin === undefined
      ? before.admin
      : wish.admin === configured?.admin
        ? undefined
        : { value: wish.admin, by, at };
  const weight =
    wish.weight === undefined
      ? before.weight
      : wish.weight === configured?.weight
        ? undefined
        : { value: wish.weight, by, at };
  return { ...(admin && { admin }), ...(weight && { weight }) };
}

/** Without what the configuration says by itself. */
export function beyond({ admin, weight }: Override, configured: Configured): Override {
  return {
    ...(admin && admin.value !== configured.admin && { admin }),
    ...(weight && weight.value !== configured.weight && { weight }),
  };
}

/** @param configured undefined where the configuration has no such server any more */
export function driftOf(
  server: ServerKey,
  held: Override,
  configured: Configured | undefined,
): ServerDrift[] {
  const { admin, weight } = configured ? beyond(held, configured) : held;
  const drift: ServerDrift[] = [];
  if (admin)
    drift.push({
      key: `${server}:admin`,
      server,
      field: 'admin',
      configured: configured?.admin ?? 'no such server',
      running: admin.value,
      by: admin.by,
      at: admin.at,
    });
  if (weight)
    drift.push({
      key: `${server}:weight`,
      server,
      field: 'weight',
      configured: configured === undefined ? 'no such server' : String(configured.weight),
      running: String(weight.value),
      by: weight.by,
      at: weight.at,
    });
  return drift;
}
