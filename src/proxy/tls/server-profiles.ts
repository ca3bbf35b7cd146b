// How servers are spoken to over TLS: one profile for all routes and backends that ask for the same, with the authorities
// that their certificates are verified by, our own certificate for them, and sessions to resume.

import { createHash } from 'node:crypto';
import {
  checkServerIdentity,
  createSecureContext,
  getCACertificates,
  type PeerCertificate,
  type SecureContext,
} from 'node:tls';
import type { Backend, Plan, Route } from '../../domain/plan.ts';
import { type ServerTls, serverTls } from '../../domain/server-tls.ts';
import type { TlsMaterial } from '../../domain/tls.ts';
import type { BackendRuntime } from '../backend-runtime.ts';
import type { RouteRuntime } from '../bind-runtime.ts';
import { SessionCache } from './session-cache.ts';

/** Connections of equal profiles (the same object) may be pooled together. */
export interface ServerProfile {
  /** SNI, and the name that the certificate must have; undefined: none is sent, and it must have the server's address. */
  readonly serverName: string | undefined;
  readonly verify: 'required' | 'none';
  /** Undefined where `fault` says why it cannot be used: no connection is made then. */
  readonly context: SecureContext | undefined;
  /** A file is missing or broken: one line, naming it. */
  readonly fault: string | undefined;
  readonly sessions: SessionCache;
  /** Its files are others now: its connections are not kept. */
  retired: boolean;
  /** Does the certificate have the name? Undefined for yes. */
  checkName(address: string, certificate: PeerCertificate): Error | undefined;
}

type Contents = ReadonlyMap<string, { readonly pem: string; readonly digest: string }>;

export class ServerProfiles {
  #contents: Contents = new Map();
  /** By all that makes them: a profile whose files did not change goes on, with its pooled connections and sessions. */
  #profiles = new Map<string, ServerProfile>();
  /** By authorities and certificate: names share them. */
  #contexts = new Map<string, SecureContext | Error>();
  #known = new WeakMap<Backend, WeakMap<object, ServerProfile>>();

  /** Other files: profiles made before of other contents are not given out again. Answers what cannot be used, one line each. */
  use(plan: Plan, material: TlsMaterial): string[] {
    this.#contents = new Map(
      material.files.map(({ path, content }) => {
        const bytes = Buffer.from(content, 'base64');
        const digest = createHash('sha256').update(bytes).digest('base64');
        return [path, { pem: bytes.toString('latin1'), digest }];
      }),
    );
    this.#known = new WeakMap();
    const before = this.#profiles;
    const contexts = this.#contexts;
    this.#profiles = new Map();
    this.#contexts = new Map();
    const faults = new Set<string>();
    const backends = new Map(plan.backends.map((backend) => [backend.name, backend]));
    for (const route of plan.routes) {
      if (route.tls === undefined) continue;
      for (const { backend: name } of route.to) {
        const backend = backends.get(name);
        if (backend === undefined) continue;
        const { fault } = this.#profile(serverTls(route, backend), before, contexts);
        if (fault !== undefined) faults.add(fault);
      }
    }
    for (const [id, profile] of before) if (!this.#profiles.has(id)) profile.retired = true;
    return [...faults];
  }

  /** Never throws: where what the plan names cannot be used the profile has a `fault`, and the request that needs it fails with that. */
  of(route: RouteRuntime | undefined, backend: BackendRuntime): ServerProfile {
    const { settings } = backend;
    let ofBackend = this.#known.get(settings);
    if (ofBackend === undefined) {
      ofBackend = new WeakMap();
      this.#known.set(settings, ofBackend);
    }
    const key = route ?? settings;
    let profile = ofBackend.get(key);
    if (profile === undefined) {
      profile = this.#profile(serverTls(route as Pick<Route, 'host' | 'tls'> | undefined, settings));
      ofBackend.set(key, profile);
    }
    return profile;
  }

  #profile(
    tls: ServerTls,
    before: ReadonlyMap<string, ServerProfile> = this.#profiles,
    contexts: ReadonlyMap<string, SecureContext | Error> = this.#contexts,
  ): ServerProfile {
    const trust = JSON.stringify([
      this.#digest(tls.ca),
      this.#digest(tls.certificate?.cert),
      this.#digest(tls.certificate?.key),
    ]);
    const id = JSON.stringify([tls.verify, tls.serverName, trust]);
    let profile = this.#profiles.get(id) ?? before.get(id);
    const context = this.#contexts.get(trust) ?? contexts.get(trust) ?? contextOf(tls, this.#contents);
    this.#contexts.set(trust, context);
    profile ??= profileOf(tls, context);
    this.#profiles.set(id, profile);
    return profile;
  }

  /** Of a file's contents; its path where there are none, so that the fault names it. */
  #digest(path: string | undefined): string | undefined {
    return path === undefined ? undefined : (this.#contents.get(path)?.digest ?? path);
  }
}

function profileOf({ verify, serverName }: ServerTls, context: SecureContext | Error): ServerProfile {
  const failed = context instanceof Error;
  return {
    serverName,
    verify,
    context: failed ? undefined : context,
    fault: failed ? context.message : undefined,
    sessions: new SessionCache(),
    retired: false,
    checkName: (address, certificate) =>
      verify === 'none' ? undefined : checkServerIdentity(serverName ?? address, certificate),
  };
}

/** Files that servers' certificates are verified by, and our own for them: a fault names the file, never what is in it. */
function contextOf({ ca, certificate }: ServerTls, contents: Contents): SecureContext | Error {
  const missing = [ca, certificate?.cert, certificate?.key].find(
    (path) => path !== undefined && !contents.has(path),
  );
  if (missing !== undefined) return new Error(`${missing}: its contents are not there`);
  const read = (path: string): string => contents.get(path)!.pem;
  // Node takes an empty list for none, and then trusts everybody that the machine does.
  if (ca !== undefined && !read(ca).includes('-----BEGIN ')) return new Error(`${ca}: holds no certificate`);
  try {
    return createSecureContext({
      minVersion: 'TLSv1.2',
      ca: ca === undefined ? systemAuthorities() : read(ca),
      ...(certificate === undefined ? {} : { cert: read(certificate.cert), key: read(certificate.key) }),
    });
  } catch (error) {
    const files = [ca, certificate?.cert, certificate?.key].filter((path) => path !== undefined);
    return new Error(`${[...new Set(files)].join(', ')}: ${reasonOf(error)}`);
  }
}

/** OpenSSL's words for what is wrong with a file, which never quote it. */
function reasonOf(error: unknown): string {
  const { reason, code } = error as { reason?: string; code?: string };
  return reason ?? code ?? 'cannot be used';
}

let authorities: readonly string[] | undefined;

/** What the machine trusts; where it has no list of its own, the one that comes with Node. */
function systemAuthorities(): string[] {
  if (authorities === undefined) {
    const system = typeof getCACertificates === 'function' ? getCACertificates('system') : [];
    authorities = system.length > 0 ? system : getCACertificates('default');
  }
  return [...authorities];
}
