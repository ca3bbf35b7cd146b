// What no route can be, in whatever TLS mode it is asked for, and what it cannot be beside the others of its shards. Pure.

import { type Admission, admit } from './admission.ts';
import type { Plan, Route } from './plan.ts';
import type { Termination } from './tls.ts';

export interface TlsConflict {
  readonly text: string;
  readonly remedy: string;
}

/**
 * Why a route cannot be carried in a mode, next to the others of its plan; undefined where it can.
 * OpenShift's router has the same rules: a passed-through connection shows nothing but its SNI.
 * @param terminationOf the mode in force of another route; undefined where it has no TLS
 */
export function tlsConflict(
  route: Route,
  termination: Termination,
  plan: Pick<Plan, 'shards' | 'namespaces' | 'routes' | 'backends'>,
  terminationOf: (route: Route) => Termination | undefined,
): TlsConflict | undefined {
  const { name, host, path, tls } = route;
  if (!tls)
    return {
      text: `route ${name} has no tls: it is plain HTTP`,
      remedy: 'give it tls: in its configuration',
    };
  const contenders = inTheWay(route, termination, plan, terminationOf);
  if (termination !== 'passthrough') {
    const [passed] = contenders;
    if (passed)
      return {
        text: `its host ${host ?? '(any)'} is passed through by route ${passed.name}`,
        remedy: `switch ${passed.name} first`,
      };
    const tcp = route.to.find(
      ({ backend }) => plan.backends.find((each) => each.name === backend)?.mode === 'tcp',
    );
    return (
      tcp && {
        text: `backend ${tcp.backend} is of mode tcp: ${termination} carries requests`,
        remedy: 'send the route to a backend of mode http',
      }
    );
  }
  if (host === undefined)
    return { text: `route ${name} has no host: passthrough goes by SNI`, remedy: 'give it a host' };
  if (path !== '/')
    return {
      text: `route ${name} has the path ${path}, which nobody sees in a passed-through connection`,
      remedy: 'only a route with the path / can be passed through',
    };
  const [other] = contenders;
  if (other)
    return {
      text: `route ${other.name} has TLS on the same host ${host}${other.path === '/' ? '' : ` (path ${other.path})`}, and its requests would be passed through as well`,
      remedy: `take ${other.name} off that host first`,
    };
  if (tls.insecureEdgeTerminationPolicy === 'Allow')
    return {
      text: `route ${name} has insecureEdgeTerminationPolicy Allow, which passthrough cannot have`,
      remedy: 'set it to None or Redirect',
    };
  return undefined;
}

/**
 * Routes with TLS on its host that would lose their shard to it, or that it would lose its own to: where no shard
 * serves both, there is nothing between them. Of a route that no shard serves they are those that keep it out.
 */
function inTheWay(
  route: Route,
  termination: Termination,
  plan: Pick<Plan, 'shards' | 'namespaces' | 'routes'>,
  terminationOf: (route: Route) => Termination | undefined,
): readonly Route[] {
  const { name, host } = route;
  const others = plan.routes.filter(
    (other) =>
      other.name !== name &&
      other.tls &&
      other.host === host &&
      (termination === 'passthrough' || terminationOf(other) === 'passthrough'),
  );
  // Rarely is there anybody, and only then is it worth asking all shards.
  if (others.length === 0) return [];
  const then = (each: Route): Termination | undefined =>
    each.name === name ? termination : terminationOf(each);
  const before = admit(plan, terminationOf);
  const after = admit(plan, then);
  const served = (of: Admission, each: string, shard: string): boolean =>
    of.statuses.get(each)?.some((status) => status.admitted && status.shard === shard) === true;
  const nowhere = !plan.shards.some((shard) => served(after, name, shard.name));
  return others.filter((other) =>
    plan.shards.some((shard) => {
      const own = after.statuses.get(name)?.find((status) => status.shard === shard.name);
      const keptOut = own?.admitted === false && own.by === other.name;
      if (keptOut && (nowhere || served(before, name, shard.name))) return true;
      const displaced = served(before, other.name, shard.name) && !served(after, other.name, shard.name);
      return own?.admitted === true && displaced;
    }),
  );
}
