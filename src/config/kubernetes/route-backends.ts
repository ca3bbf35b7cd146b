// spec.to and spec.alternateBackends of a Route → one backend for each Service, with its servers, as the router's template
// has them: balance, cookie, checks and timeouts are the Route's.

import { createHash } from 'node:crypto';
import type { Termination } from '../../domain/tls.ts';
import type { RouteAnnotations } from './annotations.ts';
import { definedOnly } from './annotations.ts';
import type { Endpoint, ServiceEndpoints } from './endpoints.ts';
import type { Located } from './located.ts';
import { nameOf, serversOf } from './names.ts';
import { type Notes, quoted } from './notes.ts';
import type { KubernetesObject, Objects } from './objects.ts';
import { serverNameOf } from './route-tls.ts';
import type { WrittenBackend, WrittenRoute } from './written.ts';

export interface BackendSurroundings {
  readonly objects: Objects;
  readonly endpointsOf: (namespace: string, service: string) => ServiceEndpoints;
  readonly notes: Notes;
}

interface Target {
  readonly service: string;
  readonly weight: number;
  readonly endpoints: readonly Endpoint[];
}

/** Undefined: it names no Service, and a note tells. */
export function backendsOf(
  route: KubernetesObject,
  termination: Termination | undefined,
  annotations: RouteAnnotations,
  around: BackendSurroundings,
): { readonly to: WrittenRoute['to']; readonly backends: readonly WrittenBackend[] } | undefined {
  const targets = targetsOf(route, around);
  if (targets.length === 0) {
    around.notes.add(
      'error',
      route.fields.at('spec', 'to'),
      `Route ${route.name} names no Service: left out`,
    );
    return undefined;
  }
  tellStickiness(route, targets, annotations, around.notes);
  const active = targets.filter(({ weight }) => weight > 0);
  const checked = active.reduce((sum, { endpoints }) => sum + endpoints.length, 0) > 1;
  const algorithm =
    annotations.balance ??
    (active.length > 1 ? 'roundrobin' : termination === 'passthrough' ? 'source' : 'random');
  const own = (service: string) =>
    nameOf(route.namespace, route.name, ...(targets.length > 1 ? [service] : []));
  const backends = targets.map(({ service, endpoints }, index): WrittenBackend => {
    const { cookies, cookieName, serverTimeout, tunnelTimeout, checkInterval, maxConnections } = annotations;
    const timeouts = definedOnly({ server: serverTimeout, tunnel: tunnelTimeout });
    const cookie = cookieName ?? cookieOf(route);
    return {
      name: own(service),
      mode: termination === 'passthrough' ? 'tcp' : 'http',
      balance: { algorithm },
      ...(checked && { check: { tcp: {}, interval: checkInterval ?? '5s' } }),
      ...(Object.keys(timeouts).length > 0 && { timeouts }),
      // A name of its own, else the servers of one Service would seem unknown to the next.
      ...(cookies && { cookie: { name: index === 0 ? cookie : `${cookie}_${index}` } }),
      ...(termination === 'reencrypt' && { tls: serverNameOf(route.namespace, service) }),
      servers: serversOf(endpoints, maxConnections === 0 ? undefined : maxConnections),
    };
  });
  return {
    backends,
    to: targets.map(({ service, weight }) => ({
      backend: own(service),
      ...(targets.length > 1 || weight === 0 ? { weight } : {}),
    })),
  };
}

/** As the router computes it, since clients hold such cookies: of the route alone, before its termination is known. */
function cookieOf({ namespace, name }: KubernetesObject): string {
  return createHash('md5').update(` ${namespace}:${name}`).digest('hex');
}

function targetsOf(route: KubernetesObject, around: BackendSurroundings): Target[] {
  const spec = route.fields.at('spec');
  const seen = new Set<string>();
  return [spec.at('to'), ...spec.at('alternateBackends').items].flatMap((target) => {
    const kind = target.at('kind');
    const service = target.at('name').looseText;
    if (!target.isThere || service === undefined) return [];
    if (kind.text !== undefined && kind.text !== 'Service') {
      around.notes.add(
        'warning',
        kind,
        `Route ${route.name} sends to ${quoted(kind.text)}, which is no Service: not used`,
      );
      return [];
    }
    if (seen.has(service)) {
      around.notes.add(
        'warning',
        target,
        `Route ${route.name} names the Service ${quoted(service)} twice: the first counts`,
      );
      return [];
    }
    seen.add(service);
    return [
      {
        service,
        weight: weightOf(target, around.notes),
        endpoints: endpointsFor(route, service, target, around),
      },
    ];
  });
}

function weightOf(target: Located, notes: Notes): number {
  const written = target.at('weight');
  if (!written.isThere) return 100;
  const weight = written.integer;
  if (weight !== undefined && weight >= 0 && weight <= 256) return weight;
  const taken = weight === undefined ? 100 : weight < 0 ? 0 : 256;
  notes.add('warning', written, `weight ${quoted(written.value)} is not from 0 to 256: taken as ${taken}`);
  return taken;
}

function endpointsFor(
  route: KubernetesObject,
  service: string,
  target: Located,
  { objects, endpointsOf, notes }: BackendSurroundings,
): readonly Endpoint[] {
  const { endpoints, known, notReady } = endpointsOf(route.namespace, service);
  const none = (why: string): readonly Endpoint[] => {
    notes.add('warning', target, `Route ${route.name} answers 503: ${why}`);
    return [];
  };
  const called = `Service ${quoted(service)}`;
  if (!known) {
    const found = objects.find('Service', route.namespace, service);
    if (!found) return none(`${called} and its endpoints are not in the input`);
    return found.fields.at('spec', 'type').text === 'ExternalName'
      ? none(`${called} is a name elsewhere (ExternalName), and names are not resolved`)
      : none(`${called} has neither EndpointSlices nor Endpoints in the input`);
  }
  if (endpoints.length === 0)
    return none(`${called} has no endpoint${notReady > 0 ? ` that is ready (${notReady} are not)` : ''}`);
  const port = route.fields.at('spec', 'port', 'targetPort');
  const wanted = port.looseText;
  if (wanted === undefined) return endpoints;
  // The router's own rule: the name of the Service's port, or the number of the pods' (template_helper.go).
  const matching = endpoints.filter((each) => each.portName === wanted || String(each.port) === wanted);
  if (matching.length > 0) return matching;
  const others = [
    ...new Set(endpoints.map((each) => `${each.portName === '' ? '' : `${each.portName} `}${each.port}`)),
  ];
  return none(
    `no endpoint of ${called} has the port ${quoted(wanted)}; there are ${others.slice(0, 5).join(', ')}`,
  );
}

function tellStickiness(
  route: KubernetesObject,
  targets: readonly Target[],
  { cookies }: RouteAnnotations,
  notes: Notes,
): void {
  if (!cookies || targets.filter(({ weight }) => weight > 0).length < 2) return;
  notes.add(
    'warning',
    route.fields.at('spec', 'alternateBackends'),
    `Route ${route.name} chooses a Service for each request by weight: a client is kept on one server of each, not on one Service`,
  );
}
