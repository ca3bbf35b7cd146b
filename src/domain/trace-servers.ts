// The last steps of a trace: which backends a route sends to, and which of their servers would be tried, in which order or
// with which share. Asks the balancers and the states that the data plane asks.

import { addressText } from './address-text.ts';
import { activeCandidates } from './balance/active-candidates.ts';
import { hashClient } from './balance/client-hash.ts';
import type { ServerEntity } from './model.ts';
import { type Backend, type Bind, type Route, type Server, serverKey } from './plan.ts';
import { safe } from './safe.ts';
import { type HashedServer, sourceBalancer, toCandidate } from './server-moves.ts';
import { type ServerWish, takesCookieClients, takesNewClients } from './server-state.ts';
import { addressFor, overTls } from './server-tls.ts';
import type { Termination } from './tls.ts';
import type { TraceFacts, TraceStep } from './trace.ts';
import { anyOf, type TraceEnd } from './trace-entrance.ts';
import { type Asked, cookieValue } from './trace-question.ts';

type Candidates = NonNullable<TraceStep['candidates']>;

export interface BackendsFound {
  readonly step: TraceStep;
  /** By share, the largest first. */
  readonly backends: readonly Backend[];
  readonly end?: TraceEnd;
}

export function backendStep(
  route: Route | undefined,
  bind: Bind,
  termination: Termination | undefined,
  { plan }: TraceFacts,
): BackendsFound {
  const known = new Map(plan.backends.map((backend) => [backend.name, backend]));
  const own = bind.backend === undefined ? undefined : known.get(bind.backend);
  if (route === undefined) {
    if (own === undefined) return nobody('backend', 'the bind has no backend', bind, termination);
    const why = `bind ${bind.name} sends there what no route is for; ${spokenText(own, termination)}`;
    const ofTcp = `all connections of bind ${bind.name} go there`;
    const step = {
      what: 'backend',
      chosen: own.name,
      why: bind.mode === 'tcp' ? ofTcp : why,
      others: [],
    } as const;
    return { step, backends: [own] };
  }
  const targets = route.to.flatMap(({ backend, weight }) => {
    const settings = known.get(backend);
    return settings === undefined ? [] : [{ backend: settings, weight }];
  });
  const total = targets.reduce((sum, { weight }) => sum + weight, 0);
  const [first, ...more] = targets.filter(({ weight }) => weight > 0).sort((a, b) => b.weight - a.weight);
  const others = targets
    .filter(({ weight }) => weight === 0)
    .map(({ backend }) => ({ name: backend.name, why: 'weight 0: gets nothing' }));
  if (first === undefined) {
    const why =
      targets.length === 0
        ? `route ${route.name} has no backend`
        : `every weight of route ${route.name} is 0`;
    const found = nobody('backend', why, bind, termination);
    return { ...found, step: { ...found.step, others } };
  }
  const used = [first, ...more];
  const shared = used.map(({ backend, weight }) => ({
    name: backend.name,
    share: weight / total,
    why: `weight ${weight} of ${total}; ${spokenText(backend, termination)}`,
  }));
  return {
    step: {
      what: 'backend',
      chosen: anyOf(used.map(({ backend }) => backend.name)),
      why:
        used.length === 1
          ? `the only one that route ${route.name} sends to; ${spokenText(first.backend, termination)}`
          : `route ${route.name} sends to ${used.length}, evenly interleaved by weight`,
      others,
      ...(used.length > 1 && { candidates: shared }),
    },
    backends: used.map(({ backend }) => backend),
  };
}

function spokenText({ algorithm, tls }: Backend, termination: Termination | undefined): string {
  const by = `balance ${algorithm}`;
  if (termination === 'passthrough') return `${by}, TLS of the client's own`;
  if (!overTls(termination)) return by;
  return `${by}, TLS to its servers${tls?.verify === 'none' ? ', not verified' : ''}`;
}

function nobody(
  what: 'backend' | 'server',
  why: string,
  { mode }: Bind,
  termination: Termination | undefined,
): BackendsFound {
  const asked = mode !== 'tcp' && termination !== 'passthrough';
  const text = asked ? `503: ${why}` : `the connection is closed: ${why}`;
  return { step: { what, why, others: [] }, backends: [], end: { text, ok: false } };
}

interface ServerFacts {
  readonly settings: Server;
  readonly wish: ServerWish;
  readonly entity: ServerEntity | undefined;
}

/** @param named is it said of which backend, because the request may go to several? */
export function serverStep(
  backend: Backend,
  bind: Bind,
  termination: Termination | undefined,
  asked: Asked,
  facts: TraceFacts,
  named: boolean,
): { readonly step: TraceStep; readonly end?: TraceEnd } {
  const servers = backend.servers.map((settings): ServerFacts => {
    const entity = facts.servers.get(serverKey(backend.name, settings.name));
    return { settings, entity, wish: wishOf(backend, settings, entity) };
  });
  const prefix = named ? `of ${backend.name}: ` : '';
  const at = ({ settings }: ServerFacts): string => addressText(addressFor(settings, termination));
  const { cookie, wanted } = cookieServer(backend, servers, termination, bind, asked);
  const hashed = servers.map(({ settings, wish }) => toCandidate(settings, wish));
  const active = activeCandidates(hashed);
  const others = servers
    .filter(
      ({ settings }) => settings !== wanted?.settings && !active.some(({ name }) => name === settings.name),
    )
    .slice(0, 50)
    .map((server) => ({ name: server.settings.name, why: outText(server) }));

  if (wanted !== undefined) {
    const step: TraceStep = {
      what: 'server',
      chosen: wanted.settings.name,
      why: `${prefix}cookie ${safe(cookie!, 60)} names it${wanted.wish.admin === 'drain' ? ', and in drain it takes its own clients' : ''}`,
      others,
      candidates: [
        { name: wanted.settings.name, why: at(wanted) },
        ...byAlgorithm(backend, hashed, asked, (name) =>
          at(servers.find(({ settings }) => settings.name === name)!),
        )
          .candidates.filter(({ name }) => name !== wanted.settings.name)
          .map(({ name, why }) => ({ name, why: `as for a new client, if that cannot be reached; ${why}` })),
      ].slice(0, 50),
    };
    return { step };
  }
  const stale =
    cookie === undefined ? '' : `cookie ${safe(cookie, 60)} ${staleText(backend, servers, asked)}; `;
  if (active.length === 0) {
    const why = backend.servers.length === 0 ? 'the backend has no servers' : 'no server takes new clients';
    const { step, end } = nobody('server', `${prefix}${stale}${why}`, bind, termination);
    return { step: { ...step, others }, end: end! };
  }
  const found = byAlgorithm(backend, hashed, asked, (name) =>
    at(servers.find(({ settings }) => settings.name === name)!),
  );
  const names = found.candidates.map(({ name }) => name);
  return {
    step: {
      what: 'server',
      chosen: found.ordered ? names[0]! : anyOf(names),
      why: `${prefix}${stale}${found.why}${active[0]!.backup ? '; only backups are left' : ''}`,
      others,
      candidates: found.candidates.slice(0, 50),
    },
  };
}

export function wishOf(
  { name, check }: Backend,
  settings: Server,
  entity: ServerEntity | undefined,
): ServerWish {
  const { admin, operational, weight } = entity ?? {
    admin: settings.admin,
    operational: check === undefined ? ('unchecked' as const) : ('starting' as const),
    weight: settings.weight,
  };
  return { server: serverKey(name, settings.name), admin, operational, weight };
}

/** Requests alone carry cookies; `wanted`: it takes its clients. */
function cookieServer(
  { cookie }: Backend,
  servers: readonly ServerFacts[],
  termination: Termination | undefined,
  { mode }: Bind,
  asked: Asked,
): { readonly cookie?: string; readonly wanted?: ServerFacts } {
  if (cookie === undefined || asked.cookie === undefined || mode === 'tcp' || termination === 'passthrough')
    return {};
  const value = cookieValue(asked.cookie, cookie.name);
  if (value === undefined) return {};
  const wanted = servers.find(({ settings }) => settings.name === value);
  const text = `${cookie.name}=${value}`;
  return wanted !== undefined && takesCookieClients(wanted.wish)
    ? { cookie: text, wanted }
    : { cookie: text };
}

function staleText({ cookie }: Backend, servers: readonly ServerFacts[], asked: Asked): string {
  const value = cookieValue(asked.cookie!, cookie!.name);
  const server = servers.find(({ settings }) => settings.name === value);
  return server === undefined
    ? 'names no server'
    : `names a server that takes no clients (${outText(server)})`;
}

function byAlgorithm(
  { algorithm }: Backend,
  servers: readonly HashedServer[],
  { from }: Asked,
  addressOf: (name: string) => string,
): { readonly ordered: boolean; readonly why: string; readonly candidates: Candidates } {
  const active = activeCandidates(servers);
  if (algorithm === 'source' && from !== undefined) {
    const candidates = inOrder(servers, hashClient(from)).map((name) => ({ name, why: addressOf(name) }));
    return {
      ordered: true,
      why: `the address ${safe(from, 60)} is hashed over the servers (source)`,
      candidates,
    };
  }
  const total = active.reduce((sum, { weight }) => sum + weight, 0);
  const candidates = active.map(({ name, weight }) => ({
    name,
    share: weight / total,
    why: `${addressOf(name)}, weight ${weight} of ${total}`,
  }));
  const why = {
    roundrobin: 'in turn, by weight (roundrobin)',
    leastconn: 'the one with the fewest streams for its weight (leastconn)',
    random: 'two are drawn by weight, and the less loaded is taken (random)',
    source: "the client's address decides, and none is given (source)",
  }[algorithm];
  return {
    ordered: active.length === 1,
    why: active.length === 1 ? `the only one that takes new clients` : why,
    candidates,
  };
}

/** Each in turn as if those before it were gone: so a client goes on when a server cannot be reached. */
function inOrder(servers: readonly HashedServer[], hash: number): string[] {
  const balancer = sourceBalancer(servers);
  const names: string[] = [];
  for (let left = servers; names.length < 50; ) {
    const picked = balancer.pick(hash, undefined);
    if (picked === undefined) break;
    names.push(picked.name);
    left = left.filter((server) => server !== picked);
    balancer.update(left);
  }
  return names;
}

/** Why no new client gets there. */
function outText({ wish, entity, settings }: ServerFacts): string {
  if (wish.admin === 'maint') return 'in maintenance (maint)';
  if (!takesCookieClients(wish)) {
    const reason = entity?.check?.ok === false ? `: ${entity.check.reason}` : '';
    return safe(`${wish.operational}${reason}`, 200);
  }
  if (wish.admin === 'drain') return 'in drain: takes clients with its cookie alone';
  if (!takesNewClients(wish)) return 'weight 0: takes clients with its cookie alone';
  return settings.backup ? 'backup: only while no other takes new clients' : 'takes no new clients';
}
