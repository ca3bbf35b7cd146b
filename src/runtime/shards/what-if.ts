// What a change of shape, of servers or of the configuration's file would do, asked of the plan in force and of the clients
// that the data plane has seen. Changes nothing.

import { planHash } from '../../config/plan-hash.ts';
import { admit } from '../../domain/admission.ts';
import { nearest } from '../../domain/nearest.ts';
import { type Plan, type Route, type ServerKey, serverKey } from '../../domain/plan.ts';
import { safe } from '../../domain/safe.ts';
import type { ServerWish } from '../../domain/server-state.ts';
import { reshaped, type ShapeChange, shapeChangeText, shapeFault } from '../../domain/shape.ts';
import {
  type ObservedClients,
  type ServerChange,
  type ShardPlan,
  shardPlan,
  type WhatIf,
} from '../../domain/shard-plan.ts';
import type { Termination } from '../../domain/tls.ts';
import { faultsText, type LoadedPlan } from '../reload.ts';

export interface WhatIfContext {
  /** With what operators changed of its shape. */
  planInForce(): Plan;
  /** The plan that a reload would come to: the file's as it is now, with what operators changed of its shape. */
  readonly load: (() => Promise<LoadedPlan>) | undefined;
  /** A TLS mode that an operator wished; undefined: the plan's own holds. */
  terminationOverride(route: string): Termination | undefined;
  /** States and weights in force. */
  wishes(): readonly ServerWish[];
  clients(): Promise<ObservedClients>;
}

export type ShardPlanOrFault = ShardPlan | { readonly fault: string };

/** With thousands of routes one takes a tenth of a second: between two, whoever else asks the runtime has his turn. */
function createTurns(): <T>(work: () => T) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const result = last.then(() => new Promise<void>((resolve) => setImmediate(resolve))).then(work);
    last = result.catch(() => {});
    return result;
  };
}

export function createWhatIf(context: WhatIfContext): (whatIf: WhatIf) => Promise<ShardPlanOrFault> {
  const inTurn = createTurns();
  const terminationOf = ({ name, tls }: Route): Termination | undefined =>
    tls && (context.terminationOverride(name) ?? tls.termination);

  async function facts(
    before: Plan,
    after: Plan,
    changes: readonly string[],
    wishesAfter: readonly ServerWish[],
  ): Promise<ShardPlan> {
    const wishesBefore = context.wishes();
    const clients = await context.clients();
    return inTurn(() =>
      shardPlan({
        before,
        after,
        admissionBefore: admit(before, terminationOf),
        admissionAfter: admit(after, terminationOf),
        changes,
        clients,
        wishesBefore,
        wishesAfter,
      }),
    );
  }

  return async (whatIf) => {
    try {
      if ('reload' in whatIf) {
        const loaded = await context.load?.();
        if (loaded === undefined)
          return { fault: 'there is no file to reload: this runtime was given its plan' };
        if (!loaded.ok) return { fault: faultsText(loaded.errors) };
        const before = context.planInForce();
        return await facts(
          before,
          loaded.plan,
          ['reload the configuration'],
          wishesOf(loaded.plan, before, context.wishes()),
        );
      }
      const before = context.planInForce();
      const fault = changesFault(whatIf.changes, before);
      if (fault !== undefined) return { fault };
      const shape = whatIf.changes.filter(isOfShape);
      const after = withHash(reshaped(before, shape));
      return await facts(
        before,
        after,
        whatIf.changes.map(changeText),
        wished(context.wishes(), whatIf.changes),
      );
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      return { fault: safe(`the clients cannot be asked for: ${text}`, 300) };
    }
  };
}

function withHash(plan: Plan): Plan {
  return { ...plan, hash: planHash(plan) };
}

function isOfShape(change: ShapeChange | ServerChange): change is ShapeChange {
  return change.kind !== 'weight' && change.kind !== 'remove';
}

/** The first thing that is wrong, in words fit for a screen. */
function changesFault(changes: readonly (ShapeChange | ServerChange)[], plan: Plan): string | undefined {
  if (changes.length === 0) return 'nothing is asked: name at least one change';
  const servers = new Set<string>(
    plan.backends.flatMap((backend) => backend.servers.map(({ name }) => serverKey(backend.name, name))),
  );
  for (const change of changes) {
    const fault = isOfShape(change) ? shapeFault(change, plan)?.text : serverFault(change, servers);
    if (fault !== undefined) return safe(fault, 300);
  }
  return undefined;
}

function serverFault(change: ServerChange, servers: ReadonlySet<string>): string | undefined {
  const { server } = change;
  if (!servers.has(server)) {
    const meant = nearest(server, servers);
    return `there is no server ${server}${meant === undefined ? '' : `: did you mean ${meant}?`}`;
  }
  if (change.kind === 'remove') return undefined;
  const { weight } = change;
  return Number.isInteger(weight) && weight >= 0 && weight <= 256
    ? undefined
    : `the weight of ${server} is a whole number from 0 to 256, not ${weight}`;
}

function changeText(change: ShapeChange | ServerChange): string {
  if (isOfShape(change)) return shapeChangeText(change);
  return safe(
    change.kind === 'remove' ? `remove ${change.server}` : `weight of ${change.server} to ${change.weight}`,
  );
}

/** To take a server away from its clients is to set it to maint: what the configuration has, it keeps. */
function wished(
  wishes: readonly ServerWish[],
  changes: readonly (ShapeChange | ServerChange)[],
): ServerWish[] {
  const after = new Map<ServerKey, ServerWish>(wishes.map((wish) => [wish.server, wish]));
  for (const change of changes) {
    if (isOfShape(change)) continue;
    const wish = after.get(change.server);
    if (wish === undefined) continue;
    after.set(
      change.server,
      change.kind === 'remove' ? { ...wish, admin: 'maint' } : { ...wish, weight: change.weight },
    );
  }
  return [...after.values()];
}

/** What would hold under another plan: an operator's wish stays, the configuration's own goes with it. */
function wishesOf(after: Plan, before: Plan, wishes: readonly ServerWish[]): ServerWish[] {
  const held = new Map(wishes.map((wish) => [wish.server, wish]));
  const known = new Map(
    before.backends.flatMap(({ name, servers }) =>
      servers.map((server) => [serverKey(name, server.name), server] as const),
    ),
  );
  return after.backends.flatMap(({ name, check, servers }) =>
    servers.map((server): ServerWish => {
      const key = serverKey(name, server.name);
      const wish = held.get(key);
      const former = known.get(key);
      if (wish === undefined || former === undefined)
        return {
          server: key,
          admin: server.admin,
          operational: check === undefined ? 'unchecked' : 'starting',
          weight: server.weight,
        };
      return {
        ...wish,
        admin: wish.admin === former.admin ? server.admin : wish.admin,
        weight: wish.weight === former.weight ? server.weight : wish.weight,
      };
    }),
  );
}
