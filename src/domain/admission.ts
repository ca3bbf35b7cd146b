// Which shard serves which route, and why not: OpenShift's router admission (openshift/router unique_host.go), for all
// shards of a plan at once. Each shard decides for itself; one route may be served by none, one or several.

import type { Plan, Route, Shard } from './plan.ts';
import type { Termination } from './tls.ts';

/** OpenShift's reasons of the condition Admitted=False. */
export type RefusalReason =
  | 'HostAlreadyClaimed'
  | 'RouteNotAdmitted'
  | 'NoHostValue'
  | 'InvalidHost'
  | 'ExtendedValidationFailed';

/** What a shard makes of a route. Routes that it does not select have no status there. */
export type RouteStatus =
  | { readonly shard: string; readonly admitted: true }
  | {
      readonly shard: string;
      readonly admitted: false;
      readonly reason: RefusalReason;
      /** One safe line: "route pay of namespace bank is older and claims shop.apps.example.com". */
      readonly message: string;
      /** The route in its way, where it is one. */
      readonly by?: string;
    };

export interface Admission {
  /** By route name, in the plan's order of shards; empty: no shard selects it. */
  readonly statuses: ReadonlyMap<string, readonly RouteStatus[]>;
  /** By shard name: the routes it serves, oldest first. */
  readonly served: ReadonlyMap<string, readonly Route[]>;
}

/** @param terminationOf mode in force (an operator may have switched it); default: the plan's own */
export function admit(
  _plan: Pick<Plan, 'shards' | 'routes' | 'namespaces'>,
  _terminationOf?: (route: Route) => Termination | undefined,
): Admission {
  throw new Error('to be written');
}

/** Do the shard's own selectors take it? Says nothing of a default shard's leftovers, nor of admission. */
export function selectedBy(_route: Route, _shard: Shard, _namespaces: Plan['namespaces']): boolean {
  throw new Error('to be written');
}
