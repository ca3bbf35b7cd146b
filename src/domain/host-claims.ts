// Who holds which host in one shard. Routes come oldest first, and each is told what is in its way, or holds its host too.
//
// As in OpenShift: the namespace of the oldest route of a host owns it; of two with the same host and path the older one
// wins; a host that is passed through has no other route with TLS. Where namespaces own hosts, a wildcard is owned as well:
// a namespace has "*.apps.example.com" only if no other one has a host below it, and the other way round. OpenShift's
// wildcards stand for one label and claim one level; ours stand for any number, and so claim all that is below.
//
// Ours alone: a route without a host, which OpenShift refuses, is what is left over for every host. It claims none of them:
// only other routes without a host compete with it.

import type { RefusalReason } from './admission.ts';
import type { Route, RouteAdmission } from './plan.ts';
import { safe } from './safe.ts';
import type { Termination } from './tls.ts';

export interface Refusal {
  readonly reason: RefusalReason;
  readonly message: string;
  readonly by?: string;
}

/** Of one host, as written: "shop.example.com", "*.example.com", or "*" for every host. */
interface Claim {
  /** The first admitted: its namespace owns the host. */
  readonly oldest: Route;
  readonly byPath: Map<string, Route>;
  passthrough: Route | undefined;
  /** The oldest with TLS that ends here. */
  terminated: Route | undefined;
}

/** Hosts admitted below a domain: the oldest, and the oldest of another namespace than that one's. */
interface Below {
  readonly first: Route;
  other: Route | undefined;
}

export class HostClaims {
  readonly #admission: RouteAdmission;
  readonly #claims = new Map<string, Claim>();
  /** By ".apps.example.com"; undefined where no wildcard can come, or none is owned: then nobody asks. */
  readonly #below: Map<string, Below> | undefined;

  /** @param routes all that will come */
  constructor(admission: RouteAdmission, routes: readonly Route[]) {
    this.#admission = admission;
    const owned =
      admission.namespaceOwnership === 'Strict' && admission.wildcardPolicy === 'WildcardsAllowed';
    this.#below =
      owned && routes.some(({ host }) => host !== undefined && isWildcard(host)) ? new Map() : undefined;
  }

  /** Undefined: it is admitted. */
  claim(route: Route, termination: Termination | undefined): Refusal | undefined {
    const refusal = intrinsic(route, termination, this.#admission) ?? this.#inItsWay(route, termination);
    if (refusal === undefined) this.#admit(route, termination);
    return refusal;
  }

  #inItsWay(route: Route, termination: Termination | undefined): Refusal | undefined {
    const claim = this.#claims.get(hostKey(route));
    const strict = this.#admission.namespaceOwnership === 'Strict';
    if (strict) {
      if (claim !== undefined && claim.oldest.namespace !== route.namespace)
        return claimed(route, claim.oldest, `claims ${hostText(route)}`);
      const wildcard = this.#wildcardInTheWay(route);
      if (wildcard !== undefined) return wildcard;
    }
    if (claim === undefined) return undefined;
    const same = claim.byPath.get(pathKey(route));
    if (same !== undefined)
      return claimed(route, same, `has the same host and path ${hostText(route)}${route.path}`);
    if (termination === undefined) return undefined;
    if (claim.passthrough !== undefined)
      return claimed(
        route,
        claim.passthrough,
        `passes all TLS of ${hostText(route)} through, whatever the path`,
      );
    if (termination === 'passthrough' && claim.terminated !== undefined)
      return claimed(
        route,
        claim.terminated,
        `has TLS on ${hostText(route)}, which passthrough would take as a whole`,
      );
    return undefined;
  }

  /** A wildcard of another namespace that stands for this host, or a host of another that this wildcard stands for. */
  #wildcardInTheWay(route: Route): Refusal | undefined {
    const { host, namespace } = route;
    if (this.#below === undefined || host === undefined) return undefined;
    for (const domain of domainsAbove(host)) {
      const wildcard = this.#claims.get(`*${domain}`);
      if (wildcard !== undefined && wildcard.oldest.namespace !== namespace)
        return claimed(route, wildcard.oldest, `claims *${domain}`);
    }
    if (!isWildcard(host)) return undefined;
    const below = this.#below.get(host.slice(1));
    const holder = below?.first.namespace === namespace ? below.other : below?.first;
    return holder && claimed(route, holder, `claims ${hostText(holder)}, which ${host} stands for too`);
  }

  #admit(route: Route, termination: Termination | undefined): void {
    const key = hostKey(route);
    let claim = this.#claims.get(key);
    if (claim === undefined) {
      claim = { oldest: route, byPath: new Map(), passthrough: undefined, terminated: undefined };
      this.#claims.set(key, claim);
      if (this.#below !== undefined && route.host !== undefined) noteBelow(this.#below, route, route.host);
    }
    claim.byPath.set(pathKey(route), route);
    if (termination === 'passthrough') claim.passthrough ??= route;
    else if (termination !== undefined) claim.terminated ??= route;
  }
}

function noteBelow(below: Map<string, Below>, route: Route, host: string): void {
  for (const domain of domainsAbove(host)) {
    const known = below.get(domain);
    if (known === undefined) below.set(domain, { first: route, other: undefined });
    else if (known.first.namespace !== route.namespace) known.other ??= route;
  }
}

/** What is wrong with a route whatever the others are. */
function intrinsic(
  { host, path }: Route,
  termination: Termination | undefined,
  { wildcardPolicy }: RouteAdmission,
): Refusal | undefined {
  if (host !== undefined && !isHost(host))
    return { reason: 'InvalidHost', message: safe(`${host} is not a host`, 300) };
  if (host !== undefined && isWildcard(host) && wildcardPolicy === 'WildcardsDisallowed')
    return { reason: 'RouteNotAdmitted', message: 'wildcard routes are not allowed in this shard' };
  if (termination !== 'passthrough') return undefined;
  if (host === undefined)
    return { reason: 'NoHostValue', message: 'passthrough goes by SNI, and the route has no host' };
  if (pathKey({ path }) !== '')
    return {
      reason: 'ExtendedValidationFailed',
      message: safe(`nobody sees the path ${path} in a passed-through connection`, 300),
    };
  return undefined;
}

function claimed(route: Route, by: Route, what: string): Refusal {
  const older = route.createdAt !== by.createdAt ? 'is older' : 'comes first';
  return {
    reason: 'HostAlreadyClaimed',
    message: safe(`route ${by.name} of namespace ${by.namespace} ${older} and ${what}`, 400),
    by: by.name,
  };
}

function isWildcard(host: string): boolean {
  return host.startsWith('*.');
}

function hostKey({ host }: Route): string {
  return host ?? '*';
}

function hostText({ host }: Route): string {
  return host ?? 'every host';
}

/** As the route table compares them: "/a/" is "/a". */
function pathKey({ path }: Pick<Route, 'path'>): string {
  return path.endsWith('/') ? path.replace(/\/+$/, '') : path;
}

/** "a.b.example.com" and "*.b.example.com" → ".b.example.com" (of the former), ".example.com", ".com". */
function* domainsAbove(host: string): Generator<string> {
  const start = isWildcard(host) ? 2 : 0;
  for (let dot = host.indexOf('.', start); dot > 0; dot = host.indexOf('.', dot + 1)) yield host.slice(dot);
}

const names = /^(?:\*\.)?[a-z0-9_](?:[a-z0-9_-]{0,62})(?:\.[a-z0-9_-]{1,63})*$/;
const literal = /^\[[0-9a-f:.]{2,45}\]$/;

/** Lower case, without port (RFC 1123 2.1, and "_" which names of services have); an IPv6 address in brackets. */
function isHost(host: string): boolean {
  return host.length <= 253 && (names.test(host) || literal.test(host));
}
