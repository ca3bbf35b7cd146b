// The host of a Route: its own, or one made of its subdomain and the domain of the shard that takes it.

import { namespaceLabels } from '../../domain/admission.ts';
import type { Namespace } from '../../domain/plan.ts';
import { type Labels, selects } from '../../domain/selector.ts';
import { parseHost } from '../values.ts';
import type { KnownShard } from './from-kubernetes.ts';
import { type Notes, quoted } from './notes.ts';
import type { KubernetesObject } from './objects.ts';

export interface HostSurroundings {
  readonly shards: readonly KnownShard[];
  readonly namespaces: readonly Namespace[];
  readonly notes: Notes;
}

/** Undefined: it cannot be served, and a note tells why. A route without a host would take every host's requests. */
export function hostOf(
  route: KubernetesObject,
  labels: Labels,
  around: HostSurroundings,
): string | undefined {
  const { name, fields } = route;
  const { notes } = around;
  const written = fields.at('spec', 'host');
  const host = written.looseText ?? domainHost(route, labels, around);
  if (host === undefined) return undefined;
  const parsed = parseHost(host);
  if (!parsed.ok || parsed.value.startsWith('[')) {
    notes.add('error', written, `Route ${name} has the host ${quoted(host)}, which is none: left out`);
    return undefined;
  }
  const policy = fields.at('spec', 'wildcardPolicy');
  if (policy.text === undefined || policy.text === 'None') return parsed.value;
  if (policy.text !== 'Subdomain') {
    notes.add(
      'warning',
      policy,
      `wildcardPolicy ${quoted(policy.text)} is none of None, Subdomain: taken as None`,
    );
    return parsed.value;
  }
  const parent = parsed.value.slice(parsed.value.indexOf('.') + 1);
  if (parent === parsed.value) {
    notes.add(
      'error',
      policy,
      `Route ${name} has wildcardPolicy Subdomain, and its host has no domain: left out`,
    );
    return undefined;
  }
  notes.add(
    'note',
    policy,
    `*.${parent} matches names of several labels too, and one label alone at the router`,
  );
  return `*.${parent}`;
}

function domainHost(route: KubernetesObject, labels: Labels, around: HostSurroundings): string | undefined {
  const { name, namespace, fields } = route;
  const { notes } = around;
  const subdomain = fields.at('spec', 'subdomain');
  const ofNamespace = namespaceLabels(namespace, around.namespaces);
  const takers = around.shards.filter(
    ({ domain, routeSelector, namespaceSelector }) =>
      domain !== undefined && selects(routeSelector, labels) && selects(namespaceSelector, ofNamespace),
  );
  const [taker] = takers;
  const spec = fields.at('spec');
  if (taker?.domain === undefined) {
    const why =
      subdomain.text === undefined
        ? 'neither host nor subdomain'
        : 'a subdomain, and no shard that takes it has a domain';
    notes.add('error', spec, `Route ${name} has ${why}: left out (NoHostValue)`);
    return undefined;
  }
  if (takers.length > 1)
    notes.add(
      'warning',
      subdomain,
      `Route ${name} is taken by ${takers.map((shard) => shard.name).join(', ')}: its host is of the domain of ${taker.name} alone`,
    );
  if (subdomain.text !== undefined) return `${subdomain.text}.${taker.domain}`;
  // What the API server makes of a Route that is created without a host.
  const made = `${name}-${namespace}.${taker.domain}`;
  notes.add('note', spec, `Route ${name} has no host: taken as ${quoted(made)}`);
  return made;
}
