// The endpoints of a Service, as the router's service informer has them: of its EndpointSlices, where there are any, else
// of its Endpoints; those that are not ready left out, every subset and both families of addresses taken.

import { parseIp } from '../../domain/ip.ts';
import type { Located } from './located.ts';
import type { KubernetesObject, Objects } from './objects.ts';

export interface Endpoint {
  readonly address: string;
  readonly port: number;
  /** "" where it has none. */
  readonly portName: string;
  /** Of the pod behind it. */
  readonly target: string | undefined;
}

export interface ServiceEndpoints {
  readonly endpoints: readonly Endpoint[];
  /** Are there any objects that would hold them? */
  readonly known: boolean;
  /** Ready or not. */
  readonly notReady: number;
}

const nothing: ServiceEndpoints = { endpoints: [], known: false, notReady: 0 };

/** Answers by namespace and name of the Service. */
export function endpointsOf(objects: Objects): (namespace: string, service: string) => ServiceEndpoints {
  const slices = new Map<string, KubernetesObject[]>();
  for (const slice of objects.of('EndpointSlice')) {
    const service = slice.fields.at('metadata', 'labels', 'kubernetes.io/service-name').text;
    if (service === undefined) continue;
    const key = `${slice.namespace}/${service}`;
    const known = slices.get(key);
    if (known) known.push(slice);
    else slices.set(key, [slice]);
  }
  const made = new Map<string, ServiceEndpoints>();
  return (namespace, service) => {
    const key = `${namespace}/${service}`;
    const known = made.get(key);
    if (known) return known;
    const own = slices.get(key);
    const old = objects.find('Endpoints', namespace, service);
    const found = own ? gathered(own.flatMap(ofSlice)) : old ? gathered(ofEndpoints(old)) : nothing;
    made.set(key, found);
    return found;
  };
}

type Candidate = Endpoint & { readonly ready: boolean };

function gathered(candidates: readonly Candidate[]): ServiceEndpoints {
  const seen = new Set<string>();
  const endpoints = candidates.filter(({ ready, address, port, portName }) => {
    const key = `${address} ${port} ${portName}`;
    return ready && !seen.has(key) && seen.add(key);
  });
  return { endpoints, known: true, notReady: candidates.length - candidates.filter((c) => c.ready).length };
}

function ofSlice({ fields }: KubernetesObject): Candidate[] {
  const ports = portsOf(fields.at('ports'));
  return fields.at('endpoints').items.flatMap((endpoint) => {
    // Unset is to be taken as ready (discovery/v1 EndpointConditions).
    const ready = endpoint.at('conditions', 'ready').value !== false;
    const target = podOf(endpoint.at('targetRef'));
    // Several addresses are of one endpoint, and the first is to be used (discovery/v1 Endpoint).
    const addresses = endpoint.at('addresses').items.slice(0, 1);
    return addresses.flatMap((address) => candidates(address, ports, target, ready));
  });
}

function ofEndpoints({ fields }: KubernetesObject): Candidate[] {
  return fields.at('subsets').items.flatMap((subset) => {
    const ports = portsOf(subset.at('ports'));
    const of = (list: string, ready: boolean) =>
      subset
        .at(list)
        .items.flatMap((entry) => candidates(entry.at('ip'), ports, podOf(entry.at('targetRef')), ready));
    return [...of('addresses', true), ...of('notReadyAddresses', false)];
  });
}

/** UDP has nothing to do with routes. */
function portsOf(ports: Located): { readonly port: number; readonly name: string }[] {
  return ports.items.flatMap((entry) => {
    const port = entry.at('port').integer;
    const protocol = entry.at('protocol').text ?? 'TCP';
    return port !== undefined && port > 0 && port < 65_536 && protocol === 'TCP'
      ? [{ port, name: entry.at('name').text ?? '' }]
      : [];
  });
}

function podOf(target: Located): string | undefined {
  return target.at('kind').text === 'Pod' ? target.at('name').text : undefined;
}

function candidates(
  { text: address }: Located,
  ports: readonly { readonly port: number; readonly name: string }[],
  target: string | undefined,
  ready: boolean,
): Candidate[] {
  // Slices of names (FQDN) lead nowhere: names are not resolved.
  if (address === undefined || !parseIp(address)) return [];
  return ports.map(({ port, name }) => ({ address, port, portName: name, target, ready }));
}
