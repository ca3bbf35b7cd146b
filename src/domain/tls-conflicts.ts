// What no route can be, in whatever TLS mode it is asked for. Pure; the same holds for a configuration and for a switch.

import type { Backend, Route } from './plan.ts';
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
  plan: { readonly routes: readonly Route[]; readonly backends: readonly Backend[] },
  terminationOf: (route: Route) => Termination | undefined,
): TlsConflict | undefined {
  const { name, host, path, tls } = route;
  if (!tls)
    return {
      text: `route ${name} has no tls: it is plain HTTP`,
      remedy: 'give it tls: in its configuration',
    };
  const onHost = plan.routes.filter((other) => other.name !== name && other.tls && other.host === host);
  if (termination !== 'passthrough') {
    const passed = onHost.find((other) => terminationOf(other) === 'passthrough');
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
  const [other] = onHost;
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
