// Preflights under way: what can be said at once, then every server of the route is probed, some at a time, and each
// finding is told as it comes in. Stopped where nobody listens any more.

import type { Clock } from '../../domain/clock.ts';
import type { Disposer } from '../../domain/event.ts';
import type { CertificateEntity } from '../../domain/model.ts';
import {
  type Backend,
  type Plan,
  type Route,
  type Server,
  type ServerKey,
  serverKey,
} from '../../domain/plan.ts';
import type { Preflight, PreflightFinding } from '../../domain/preflight.ts';
import { safe } from '../../domain/safe.ts';
import { type AdminState, isUsable, type OperationalState } from '../../domain/server-state.ts';
import { addressFor, serverTls } from '../../domain/server-tls.ts';
import type { Termination } from '../../domain/tls.ts';
import { expectedName, type FileContent } from '../checks/server-trust.ts';
import { clientFindings } from './client-findings.ts';
import { type ProbeTarget, probeServer, type ServerProbe } from './probe-server.ts';
import { serverFinding } from './server-findings.ts';

export interface PreflightsOptions {
  /** In force. */
  plan(): Plan;
  /** Of the files that it names. */
  readonly content: FileContent;
  /** What a client of a host gets, were its TLS ended here. */
  certificateOf(host: string | undefined, route: string): CertificateEntity | undefined;
  /** The mode in force. */
  terminationOf(route: Route): Termination | undefined;
  stateOf(
    server: ServerKey,
  ): { readonly admin: AdminState; readonly operational: OperationalState } | undefined;
  /** Client connections of a route open now, by the mode they came in. */
  connectionsByMode(route: string): Readonly<Record<Termination, number>>;
  readonly clock: Pick<Clock, 'now'>;
  readonly probe?: ServerProbe;
}

export interface Preflights {
  /**
   * The listener has all that was found so far each time, for the first time before this returns, the last time with a
   * verdict; the disposer ends the probes. `fault`: it could not be begun, in words fit for a screen.
   */
  open(
    route: string,
    termination: Termination,
    listener: (preflight: Preflight) => void,
  ): Disposer | { readonly fault: string };
  /** Resolves with the verdict. @throws Error with the fault, where it could not be begun */
  run(route: string, termination: Termination): Promise<Preflight>;
}

/** Servers asked at a time: each costs up to three connections, and some seconds where it does not answer. */
const atATime = 16;

interface Place {
  readonly backend: Backend;
  readonly server: Server;
  readonly key: ServerKey;
}

export function createPreflights(options: PreflightsOptions): Preflights {
  const { content, clock } = options;
  const probe = options.probe ?? probeServer;

  function open(
    name: string,
    to: Termination,
    listener: (preflight: Preflight) => void,
  ): Disposer | { readonly fault: string } {
    const plan = options.plan();
    const route = plan.routes.find((each) => each.name === name);
    if (route === undefined) return { fault: `there is no route ${name}` };
    const from = options.terminationOf(route);
    if (from === undefined) return { fault: `route ${name} has no tls: it is plain HTTP` };

    const connections = options.connectionsByMode(name);
    const findings: PreflightFinding[] = clientFindings({
      route,
      from,
      to,
      plan,
      connections,
      certificate: options.certificateOf(route.host, name),
      terminationOf: options.terminationOf,
      now: clock.now(),
    });
    const waiting: Place[] = placesOf(route, plan);
    let usable = 0;
    let pending = 0;
    const abort = new AbortController();

    const tell = (): void => {
      const left = pending + waiting.length;
      const unsafe = findings.some(({ severity }) => severity === 'unsafe');
      const verdict = left > 0 ? 'running' : unsafe ? 'unsafe' : 'safe';
      listener({ route: name, from, to, connections, findings: [...findings], pending: left, verdict });
    };
    const probed = (place: Place, finding: PreflightFinding): void => {
      const spared = whySpared(place, route, options.stateOf(place.key));
      if (spared === undefined) usable += 1;
      findings.push(spared === undefined ? finding : softened(finding, spared));
    };
    const next = async (): Promise<void> => {
      for (let place = waiting.shift(); place !== undefined; place = waiting.shift()) {
        pending += 1;
        const finding = await look(place);
        pending -= 1;
        if (abort.signal.aborted) return;
        probed(place, finding);
        if (pending === 0 && waiting.length === 0 && usable === 0) findings.push(noneUsable(name));
        tell();
      }
    };
    async function look({ backend, server, key }: Place): Promise<PreflightFinding> {
      const target = targetOf(route!, backend, server, to, content);
      const of = {
        subject: key,
        to,
        address: target.address,
        host: route!.host,
        expectedName: expectedName(target.trust, target.address),
        verify: target.trust.verify,
        now: clock.now(),
      };
      try {
        return serverFinding(of, await probe(target, abort.signal));
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        return { subject: key, severity: 'unsafe', text: `could not be probed: ${safe(why, 200)}` };
      }
    }

    if (waiting.length === 0) findings.push(noneUsable(name));
    tell();
    for (let begun = 0; begun < atATime; begun += 1) void next();
    return () => abort.abort();
  }

  return {
    open,
    run: (route, termination) =>
      new Promise((resolve, reject) => {
        const opened = open(route, termination, (preflight) => {
          if (preflight.verdict !== 'running') resolve(preflight);
        });
        if (typeof opened !== 'function') reject(new Error(opened.fault));
      }),
  };
}

function placesOf({ to }: Route, plan: Plan): Place[] {
  const names = new Set(to.map(({ backend }) => backend));
  return plan.backends
    .filter(({ name }) => names.has(name))
    .flatMap((backend) =>
      backend.servers.map((server) => ({ backend, server, key: serverKey(backend.name, server.name) })),
    );
}

function targetOf(
  route: Route,
  backend: Backend,
  server: Server,
  to: Termination,
  content: FileContent,
): ProbeTarget {
  const own = serverTls(route, backend);
  const kind = backend.check?.kind;
  const http = kind?.type === 'http' ? kind : undefined;
  // Clients of a passed-through connection name the route's host; a wildcard stands for any of its names.
  const host = route.host?.replace(/^\*\./, 'any.');
  const { serverName: _, ca: __, certificate: ___, ...nobody } = own;
  const trust =
    to === 'passthrough' ? { ...nobody, ...(host === undefined ? {} : { serverName: host }) } : own;
  return {
    address: addressFor(server, to),
    trust: { ...trust, content },
    expected: to === 'passthrough' ? 'tls' : to === 'reencrypt' ? 'https' : 'http',
    method: http?.method ?? 'HEAD',
    path: http?.path ?? '/',
    host: http?.host ?? host ?? own.serverName ?? 'localhost',
  };
}

/** Why clients do not meet this server, whatever it answers; undefined: they do. */
function whySpared(
  { backend, server }: Place,
  route: Route,
  state: ReturnType<PreflightsOptions['stateOf']>,
): string | undefined {
  const weight = route.to.find((target) => target.backend === backend.name)?.weight ?? 0;
  if (weight === 0) return `backend ${backend.name} has weight 0`;
  const { admin, operational } = state ?? { admin: server.admin, operational: 'unchecked' as const };
  if (admin === 'maint') return 'in maint';
  return isUsable(operational) ? undefined : 'down now';
}

function softened(finding: PreflightFinding, why: string): PreflightFinding {
  const severity =
    finding.severity === 'unsafe' || finding.severity === 'warning' ? 'note' : finding.severity;
  return { ...finding, severity, text: `${why}: ${finding.text}` };
}

function noneUsable(route: string): PreflightFinding {
  return {
    subject: route,
    severity: 'warning',
    text: 'no server that clients could meet was there to be probed: nobody is served in any mode now',
  };
}
