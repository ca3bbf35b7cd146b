// Which shard serves which route, and why not: OpenShift's router admission (openshift/router unique_host.go, hostindex,
// host_admitter.go), for all shards of a plan at once. Each shard decides for itself; one route may be served by none, one
// or several. Routes are judged oldest first against those admitted before them: so nothing has to be remembered for an
// older arrival to displace a route, or for one that goes to let another in.

import { HostClaims } from './host-claims.ts';
import type { Namespace, Plan, Route, Shard } from './plan.ts';
import { isSelective, type Labels, selects } from './selector.ts';
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
  plan: Pick<Plan, 'shards' | 'routes' | 'namespaces'>,
  terminationOf: (route: Route) => Termination | undefined = ({ tls }) => tls?.termination,
): Admission {
  const statuses = new Map<string, RouteStatus[]>(plan.routes.map(({ name }) => [name, []]));
  const served = new Map<string, readonly Route[]>();
  const oldestFirst = byAge(plan.routes);
  const choice = selection(plan);
  for (const shard of plan.shards) {
    const selected = oldestFirst.filter((route) => choice.takes(shard, route));
    const claims = new HostClaims(shard.routeAdmission, selected);
    const admitted: Route[] = [];
    for (const route of selected) {
      const refusal = claims.claim(route, terminationOf(route));
      if (refusal === undefined) admitted.push(route);
      statuses
        .get(route.name)!
        .push(
          refusal === undefined
            ? { shard: shard.name, admitted: true }
            : { shard: shard.name, admitted: false, ...refusal },
        );
    }
    served.set(shard.name, admitted);
  }
  return { statuses, served };
}

/** Do the shard's own selectors take it? Says nothing of a default shard's leftovers, nor of admission. */
export function selectedBy(route: Route, shard: Shard, namespaces: Plan['namespaces']): boolean {
  if (!selects(shard.routeSelector, route.labels)) return false;
  return (
    !isSelective(shard.namespaceSelector) ||
    selects(shard.namespaceSelector, namespaceLabels(route.namespace, namespaces))
  );
}

/** Kubernetes labels every namespace with its name (KEP-2161), so that selectors can name one. */
export function namespaceLabels(name: string, namespaces: readonly Namespace[]): Labels {
  const own = namespaces.find((each) => each.name === name)?.labels;
  return { 'kubernetes.io/metadata.name': name, ...own };
}

/** OpenShift's RouteLessThan: the order in which routes win hosts. What is older than any is in the plan's order. */
export function byAge(routes: readonly Route[]): Route[] {
  const born = ({ createdAt = Number.NEGATIVE_INFINITY }: Route): number => createdAt;
  return [...routes].sort((a, b) => {
    const [bornA, bornB] = [born(a), born(b)];
    if (bornA !== bornB) return bornA < bornB ? -1 : 1;
    const [uidA = '', uidB = ''] = [a.uid, b.uid];
    return uidA === uidB ? 0 : uidA < uidB ? -1 : 1;
  });
}

/** `selectedBy` for many routes: namespaces are few, and each is asked once for each shard. */
function selection({ shards, routes, namespaces }: Pick<Plan, 'shards' | 'routes' | 'namespaces'>) {
  const names = new Set(routes.map(({ namespace }) => namespace));
  const labels = new Map(namespaces.map((namespace) => [namespace.name, [namespace]]));
  const inNamespace = new Map<Shard, ReadonlySet<string>>(
    shards.map((shard) => [
      shard,
      new Set(
        [...names].filter((name) =>
          selects(shard.namespaceSelector, namespaceLabels(name, labels.get(name) ?? [])),
        ),
      ),
    ]),
  );
  const selected = (shard: Shard, route: Route): boolean =>
    inNamespace.get(shard)!.has(route.namespace) && selects(shard.routeSelector, route.labels);
  const others = shards.filter(({ isDefault }) => !isDefault);
  const takes = (shard: Shard, route: Route): boolean =>
    selected(shard, route) && !(shard.isDefault && others.some((other) => selected(other, route)));
  return { takes };
}
