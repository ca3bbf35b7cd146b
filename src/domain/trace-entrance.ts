// The first steps of a trace: which bind a client comes in by, whose it is, and which instance the client is steered to.

import { addressText } from './address-text.ts';
import { parseIp } from './ip.ts';
import { slotOfClient, slotTable } from './maglev.ts';
import type { Bind, Route, Shard } from './plan.ts';
import { safe } from './safe.ts';
import { isSelective, selectorText } from './selector.ts';
import { compileServingTables, type ServingTables } from './serving-tables.ts';
import type { TraceFacts, TraceStep } from './trace.ts';
import { type Asked, bare, isAddress } from './trace-question.ts';

export interface Entrance {
  readonly bind: Bind;
  readonly shard: Shard;
  /** What the shard admits. */
  readonly tables: ServingTables<Route>;
}

/** Where a trace ends before any server. */
export interface TraceEnd {
  readonly text: string;
  readonly ok: boolean;
}

interface Door extends Entrance {
  readonly address: string;
  readonly port: number | undefined;
}

type Found = { readonly step: TraceStep } & ({ readonly entrance: Entrance } | { readonly end: TraceEnd });

const modes = { https: 'tls', http: 'http', tcp: 'tcp' } as const;

export function findBind(asked: Asked, facts: TraceFacts): Found {
  const doors = doorsOf(facts);
  const wanted = modes[asked.scheme];
  const there = doors.filter(({ port }) => port === asked.port);
  // Bytes are relayed whatever is in them.
  const fitting = there.filter(({ bind }) => bind.mode === wanted || bind.mode === 'tcp');
  const [stranger] = there;
  if (fitting.length === 0 && stranger !== undefined && asked.portIsWritten) {
    const { name, mode } = stranger.bind;
    const why = `bind ${name} on port ${asked.port} is of mode ${mode}, and ${notSpoken(asked, mode)}`;
    return nowhere(why, others(doors, undefined, asked), `${name}: ${notSpoken(asked, mode)}`);
  }
  const elsewhere = doors.filter(({ bind, port }) => bind.mode === wanted && port !== undefined);
  const candidates = fitting.length > 0 ? fitting : asked.portIsWritten ? [] : elsewhere;
  const chosen = best(candidates, asked);
  if (chosen === undefined) {
    const why = asked.portIsWritten
      ? `no bind listens on port ${asked.port}`
      : `there is no bind of mode ${wanted}`;
    return nowhere(why, others(doors, undefined, asked), `no connection: ${why}`);
  }
  const { bind, address } = chosen;
  const rivals = candidates.length - 1;
  const closest =
    rivals === 0
      ? ''
      : servedHere(chosen, asked) === undefined
        ? ', the first that fits'
        : `, whose shard ${chosen.shard.name} serves this host`;
  return {
    step: {
      what: 'bind',
      chosen: bind.name,
      why:
        fitting.length > 0
          ? `listens on ${address}, mode ${bind.mode}${closest}`
          : `nothing listens on port ${asked.port}: taken is the bind of mode ${wanted} on ${address}${closest}`,
      others: others(doors, chosen, asked),
    },
    entrance: chosen,
  };
}

function notSpoken({ scheme }: Asked, mode: Bind['mode']): string {
  if (scheme === 'http' && mode === 'tls') return 'plain HTTP is answered 400';
  if (scheme === 'https') return 'no TLS is spoken there';
  return mode === 'tls' ? 'a ClientHello is waited for there' : 'a request is waited for there';
}

function nowhere(why: string, besides: TraceStep['others'], end: string): Found {
  return { step: { what: 'bind', why, others: besides }, end: { text: end, ok: false } };
}

function doorsOf({ plan, admission, addresses }: TraceFacts): Door[] {
  return plan.shards.flatMap((shard) => {
    const tables = compileServingTables(admission.served.get(shard.name) ?? []);
    return shard.binds.map((bind): Door => {
      const address = addresses.get(bind.name) ?? addressText(bind.address);
      const written = /:(\d+)$/.exec(address)?.[1];
      const port = bind.address.kind === 'unix' || written === undefined ? undefined : Number(written);
      return { bind, shard, tables, address, port };
    });
  });
}

/** That which is on the address asked for, then whose shard serves the host, or has it in its domain; else the first. */
function best(candidates: readonly Door[], asked: Asked): Door | undefined {
  const score = (door: Door): number => {
    const { host } = servedHere(door, asked) ?? { host: null };
    const served = host === null ? 0 : host === undefined ? 1 : 3;
    const { domain } = door.shard;
    const inDomain = domain !== undefined && `.${asked.host}`.endsWith(`.${domain}`) ? 2 : 0;
    return (onAddress(door, asked) ? 10 : 0) + Math.max(served, inDomain);
  };
  let found: { readonly door: Door; readonly score: number } | undefined;
  for (const door of candidates) {
    const own = score(door);
    if (found === undefined || own > found.score) found = { door, score: own };
  }
  return found?.door;
}

function onAddress({ address }: Door, { host }: Asked): boolean {
  if (!isAddress(host)) return false;
  const own = bare(address.replace(/:\d+$/, ''));
  return own === '0.0.0.0' || own === '::' || String(parseIp(own)) === String(parseIp(bare(host)));
}

/** The route that a client would meet there, if any. */
function servedHere({ bind, tables }: Door, { host, target, sni }: Asked): Route | undefined {
  if (bind.mode === 'tcp') return undefined;
  if (bind.mode === 'tls') return tables.bySni(sni) ?? tables.secure.match(host, target);
  const closest = tables.redirects?.match(host, target);
  return closest?.tls?.insecureEdgeTerminationPolicy === 'Redirect'
    ? closest
    : tables.insecure.match(host, target);
}

function others(doors: readonly Door[], chosen: Door | undefined, asked: Asked): TraceStep['others'] {
  const wanted = modes[asked.scheme];
  const alsoServed =
    chosen === undefined || servedHere(chosen, asked) === undefined ? 'this host' : 'this host, too';
  const near = (door: Door): number =>
    (door.bind.mode === wanted ? 0 : 2) + (door.shard === chosen?.shard ? 0 : 1);
  return doors
    .filter((door) => door !== chosen)
    .sort((a, b) => near(a) - near(b))
    .slice(0, 50)
    .map((door) => {
      const { bind, shard, address, port } = door;
      const reasons = [
        bind.mode !== wanted && `mode ${bind.mode}`,
        port !== asked.port && `listens on ${address}`,
        bind.mode === wanted &&
          shard !== chosen?.shard &&
          `its shard ${shard.name} serves ${servedHere(door, asked) === undefined ? 'nothing of this host' : alsoServed}`,
      ];
      const why = reasons.filter((reason) => reason !== false).join('; ');
      return { name: bind.name, why: why || `of shard ${shard.name}, on ${address}, too` };
    });
}

export function shardStep(
  { bind, shard }: Entrance,
  asked: Asked,
  { plan, admission }: TraceFacts,
): TraceStep {
  return {
    what: 'shard',
    chosen: shard.name,
    why: `bind ${bind.name} is of this shard, which takes ${takes(shard)}`,
    others: plan.shards
      .filter((other) => other !== shard)
      .slice(0, 50)
      .map((other) => {
        const tables = compileServingTables(admission.served.get(other.name) ?? []);
        const route = anyRoute(tables, asked);
        return {
          name: other.name,
          why:
            route === undefined
              ? `takes ${takes(other)}, and serves nothing of ${safe(asked.host, 100)}`
              : `serves route ${route.name} of this host on binds of its own (${bindNames(other)})`,
        };
      }),
  };
}

function anyRoute({ secure, insecure }: ServingTables<Route>, { host, target }: Asked): Route | undefined {
  return secure.match(host, target) ?? insecure.match(host, target);
}

function bindNames({ binds }: Shard): string {
  return binds.map(({ name }) => name).join(', ') || 'none';
}

/** In words: "routes of sharded=true", "what no other shard takes". */
function takes({ isDefault, routeSelector, namespaceSelector }: Shard): string {
  const parts = [
    isSelective(routeSelector) && `routes of ${selectorText(routeSelector)}`,
    isSelective(namespaceSelector) && `namespaces of ${selectorText(namespaceSelector)}`,
  ].filter((part) => part !== false);
  const selected = parts.join(' in ');
  if (isDefault)
    return selected === '' ? 'what no other shard takes' : `${selected}, but for what another shard takes`;
  return safe(selected || 'every route', 300);
}

/** `end`: nobody is there to serve. */
export function instanceStep(
  { shard }: Entrance,
  { from }: Asked,
  { serving }: TraceFacts,
): { readonly step: TraceStep; readonly end?: TraceEnd } {
  const { name, instances, steering } = shard;
  const { tableSize, ipv6Prefix } = steering;
  const numbers = Array.from({ length: instances }, (_, i) => i + 1);
  const instanceName = (number: number): string => `${name}/${number}`;
  const absent = new Set(numbers.filter((number) => !serving.has(instanceName(number))));
  const missing = [...absent]
    .slice(0, 50)
    .map((number) => ({ name: instanceName(number), why: 'does not serve now' }));
  if (absent.size === instances) {
    const why = `no instance of shard ${name} serves now: clients wait to be accepted`;
    return { step: { what: 'instance', why, others: missing }, end: { text: why, ok: false } };
  }
  if (instances === 1) {
    const why = 'the only one of its shard: it accepts for itself';
    return { step: { what: 'instance', chosen: instanceName(1), why, others: [] } };
  }
  const slot = from === undefined ? undefined : slotOfClient(from, tableSize, ipv6Prefix);
  if (slot === undefined) {
    const present = numbers.filter((number) => !absent.has(number)).map(instanceName);
    const why = "the client's address decides, and none is given";
    return { step: { what: 'instance', chosen: anyOf(present), why, others: missing } };
  }
  const own = slotTable(instances, tableSize)[slot]!;
  const table = slotTable(instances, tableSize, absent);
  const serves = table[slot]!;
  const hashed = ipv6Prefix === 64 && from!.includes(':') ? `the /64 of ${safe(from!, 60)}` : safe(from!, 60);
  const why =
    own === serves
      ? `${hashed} is of slot ${slot} of ${tableSize}, which is ${instanceName(own)}'s`
      : `${hashed} is of slot ${slot} of ${tableSize}, which is ${instanceName(own)}'s: while that does not serve, this one does`;
  const slots = new Array<number>(instances + 1).fill(0);
  for (const owner of table) slots[owner]! += 1;
  const besides = numbers
    .filter((number) => number !== serves)
    .slice(0, 50)
    .map((number) => ({
      name: instanceName(number),
      why: absent.has(number) ? 'does not serve now' : `has ${slots[number]!} of the slots`,
    }));
  return { step: { what: 'instance', chosen: instanceName(serves), why, others: besides } };
}

/** "app1", "app1 or app2", "one of 5". */
export function anyOf(names: readonly string[]): string {
  return names.length > 3 ? `one of ${names.length}` : names.join(' or ');
}
