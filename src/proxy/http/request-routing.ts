// Which route a request is for, and what that means for it on the bind that it came in by. As OpenShift's template
// does it: on a bind of mode http the closest route of any kind says whether to redirect, then those served without TLS
// are looked at alone, so that a closer one with policy None hides nothing; over TLS only routes with TLS are.

import { overTls } from '../../domain/server-tls.ts';
import type { Termination } from '../../domain/tls.ts';
import type { BackendRuntime } from '../backend-runtime.ts';
import type { BindRuntime, RouteRuntime } from '../bind-runtime.ts';
import type { Plane, TlsEntrance } from '../plane.ts';
import type { ServerProfile } from '../tls/server-profiles.ts';
import { routeHost } from './authority.ts';
import type { RequestHead } from './request-head.ts';

/** `misdirected`: its host is passed through, so that the request belongs on a connection of its own (RFC 9110 15.5.20). */
export type Way = 'forward' | 'redirect' | 'misdirected';

export class RequestRouting {
  readonly #bind: BindRuntime;
  readonly #plane: Pick<Plane, 'terminations' | 'serverProfiles'>;
  readonly #entrance: TlsEntrance | undefined;
  /** Of the newest request; undefined where no route matches. */
  route: RouteRuntime | undefined = undefined;
  /** How its route is carried; undefined without TLS. */
  termination: Termination | undefined = undefined;
  /** Where it goes: the route's choice; without a route the bind's own. */
  backend: BackendRuntime | undefined = undefined;
  /** How the server is spoken to over TLS; undefined: plain. */
  profile: ServerProfile | undefined = undefined;
  /** Why there is no profile where one is needed. Names a file, which is no client's to know. */
  fault: string | undefined = undefined;

  /** `entrance`: of a connection whose TLS was ended here. */
  constructor(
    bind: BindRuntime,
    plane: Pick<Plane, 'terminations' | 'serverProfiles'>,
    entrance: TlsEntrance | undefined,
  ) {
    this.#bind = bind;
    this.#plane = plane;
    this.#entrance = entrance;
  }

  find(head: RequestHead): Way {
    const { routes } = this.#bind;
    const host = routeHost(head.hostName);
    const target = head.originTarget === '' ? head.target : head.originTarget;
    if (this.#entrance === undefined) {
      if (routes.redirects !== undefined) {
        const closest = routes.redirects.match(host, target);
        if (closest?.tls?.insecureEdgeTerminationPolicy === 'Redirect') {
          this.#found(closest);
          return 'redirect';
        }
      }
      this.#found(routes.insecure.match(host, target));
      // Allow is not to be had with passthrough: its server speaks TLS with the client, or not at all.
      if (this.termination === 'passthrough') this.route = this.termination = undefined;
      return 'forward';
    }
    this.#found(routes.secure.match(host, target));
    return this.termination === 'passthrough' ? 'misdirected' : 'forward';
  }

  /** Finds `backend` and `profile`. Answers why there are none, in words that any client may read. */
  choose(): string | undefined {
    const { route } = this;
    this.backend = route === undefined ? this.#bind.backend : route.choose();
    this.profile = this.fault = undefined;
    if (this.backend === undefined)
      return route === undefined ? 'no route for this host' : 'this route has no backend';
    if (!overTls(this.termination)) return undefined;
    try {
      this.profile = this.#plane.serverProfiles.of(route, this.backend);
      return undefined;
    } catch (error) {
      this.fault = error instanceof Error ? error.message : String(error);
      return 'its servers cannot be spoken to over TLS';
    }
  }

  /** The line with which a browser learns to come by TLS alone: only over TLS (RFC 6797 7.2). "" for none. */
  get hstsLine(): string {
    const hsts = this.#entrance === undefined ? undefined : this.route?.tls?.hsts;
    return hsts === undefined ? '' : `Strict-Transport-Security: ${hsts}\r\n`;
  }

  /** The persistence cookie is for TLS alone: where plain HTTP is served too, it must come there as well. */
  get secureCookie(): boolean {
    const tls = this.route?.tls;
    return tls !== undefined && tls.insecureEdgeTerminationPolicy !== 'Allow';
  }

  #found(route: RouteRuntime | undefined): void {
    this.route = route;
    const tls = route?.tls;
    this.termination =
      tls === undefined
        ? undefined
        : (this.#entrance?.terminations.get(route!.name) ??
          this.#plane.terminations.get(route!.name) ??
          tls.termination);
  }
}
