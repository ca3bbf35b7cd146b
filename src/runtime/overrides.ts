// What operators changed, held apart from the configuration: values with their author, and the drift they make.

import type { DriftEntity } from '../domain/model.ts';
import type { ServerKey } from '../domain/plan.ts';
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

/** What the configuration says of a server's admin state: a plan knows no other. */
export const configuredAdmin: AdminState = 'ready';

export interface Wish {
  readonly admin?: AdminState;
  readonly weight?: number;
}

/** A value equal to the configuration's is no override. */
export function override(
  before: Override,
  wish: Wish,
  configuredWeight: number,
  by: string,
  at: number,
): Override {
  const admin =
    wish.admin === undefined
      ? before.admin
      : wish.admin === configuredAdmin
        ? undefined
        : { value: wish.admin, by, at };
  const weight =
    wish.weight === undefined
      ? before.weight
      : wish.weight === configuredWeight
        ? undefined
        : { value: wish.weight, by, at };
  return { ...(admin && { admin }), ...(weight && { weight }) };
}

/** @param configuredWeight undefined where the configuration has no such server any more */
export function driftOf(
  server: ServerKey,
  { admin, weight }: Override,
  configuredWeight: number | undefined,
): DriftEntity[] {
  const gone = configuredWeight === undefined ? 'no such server' : undefined;
  const drift: DriftEntity[] = [];
  if (admin)
    drift.push({
      key: `${server}:admin`,
      server,
      field: 'admin',
      configured: gone ?? configuredAdmin,
      running: admin.value,
      by: admin.by,
      at: admin.at,
    });
  if (weight && (gone !== undefined || weight.value !== configuredWeight))
    drift.push({
      key: `${server}:weight`,
      server,
      field: 'weight',
      configured: gone ?? String(configuredWeight),
      running: String(weight.value),
      by: weight.by,
      at: weight.at,
    });
  return drift;
}
