// Where the kernel takes a live connection beyond its server's address: the tracked connection tells who answers, our own table
// or another's which rule decided. Asked only when somebody looks at one connection, and no more than once a second.

import { addressText } from '../../domain/address-text.ts';
import type { Clock } from '../../domain/clock.ts';
import type { ConnectionDetail } from '../../domain/connection.ts';
import { ipOfEndpoint, parseIp } from '../../domain/ip.ts';
import type { KernelHop } from '../../domain/kernel.ts';
import type { ServerKey, Service } from '../../domain/plan.ts';
import { safe } from '../../domain/safe.ts';
import type { Translated } from '../../domain/trace-kernel.ts';
import type { Conntrack, Flow } from '../../nft/conntrack/conntrack.ts';
import { endpointCounterName, serviceChainName } from '../../nft/table/parts/service-part.ts';
import { tableFamily, tableName } from '../../nft/table/table-part.ts';

export interface Hops {
  /** Undefined where nothing translates its server's address. Never rejects: what is not known, it says so. */
  hopOf(
    detail: Pick<ConnectionDetail, 'localAddress' | 'serverAddress' | 'server'>,
  ): Promise<KernelHop | undefined>;
}

export interface HopsOptions {
  readonly conntrack: Conntrack;
  /** Of the plan in force. */
  service(server: ServerKey): Service | undefined;
  /** What another table's rules make of an address. */
  translated(address: string): Promise<Translated | undefined>;
  readonly clock: Pick<Clock, 'now'>;
}

const keptMs = 1_000;
const mostKept = 200;

export function createHops({ conntrack, service, translated, clock }: HopsOptions): Hops {
  const kept = new Map<string, { readonly at: number; readonly hop: Promise<KernelHop | undefined> }>();

  async function find(
    local: string,
    to: string,
    server: ServerKey | undefined,
  ): Promise<KernelHop | undefined> {
    const own = server === undefined ? undefined : service(server);
    const answered = await answererOf(conntrack, local, to);
    const endpoint = 'endpoint' in answered ? answered.endpoint : undefined;
    const unknown = 'why' in answered ? answered.why : undefined;
    // Tracked, and answered by the very address: nothing translates it.
    if (endpoint === to && !own) return undefined;
    if (own && server !== undefined) return ownHop(server, own, to, endpoint, unknown);
    const foreign = await translated(to).catch(() => undefined);
    if (endpoint === undefined)
      return foreign && { to, rule: foreign.rule, text: unsaid(foreign.text, unknown) };
    return foreign
      ? { to, endpoint, rule: foreign.rule, text: foreign.text }
      : { to, endpoint, text: 'nftables translates it; by which rule is not known' };
  }

  return {
    hopOf({ localAddress, serverAddress, server }) {
      if (localAddress === undefined || serverAddress === undefined || !ipOfEndpoint(serverAddress))
        return Promise.resolve(undefined);
      const key = `${localAddress} ${serverAddress}`;
      const known = kept.get(key);
      if (known && clock.now() - known.at < keptMs) return known.hop;
      if (kept.size >= mostKept) kept.clear();
      const hop = find(localAddress, serverAddress, server).catch(() => undefined);
      kept.set(key, { at: clock.now(), hop });
      return hop;
    },
  };
}

function ownHop(
  server: ServerKey,
  { pick, endpoints }: Service,
  to: string,
  endpoint: string | undefined,
  unknown: string | undefined,
): KernelHop {
  const count = endpoints.length === 1 ? 'its only endpoint' : `one of ${endpoints.length} endpoints`;
  const how =
    pick === 'random' ? 'at random, by weight' : 'by the address and port it comes from, and weight';
  const text =
    endpoints.length === 1 ? `service ${server} → ${count}` : `service ${server} → ${count}, ${how}`;
  const table = `${tableFamily} ${tableName}`;
  if (endpoint === undefined)
    return { to, rule: `${table} ${serviceChainName(server)}`, text: unsaid(text, unknown) };
  if (endpoint === to)
    return { to, text: `service ${server} is not translated: its rules were not in force as this began` };
  const { host, port } = placeOf(endpoint);
  const known = endpoints.find(({ address }) => address.port === port && isHost(address.host, host));
  // It may have gone since: then its rule has, too.
  if (!known) return { to, endpoint, text: `service ${server} → an endpoint that it has no more` };
  const { address } = known;
  return {
    to,
    endpoint: addressText(address),
    rule: `${table} ${endpointCounterName(server, address)}`,
    text,
  };
}

const unsaid = (text: string, why: string | undefined): string =>
  why === undefined ? text : safe(`${text}; to which of them is not known: ${why}`, 300);

/** Who answers packets of a connection of ours, as the kernel tracks it. */
async function answererOf(
  conntrack: Conntrack,
  local: string,
  to: string,
): Promise<{ readonly endpoint: string } | { readonly why: string }> {
  const [source, destination] = [placeOf(local), placeOf(to)];
  try {
    const { list } = await conntrack.usable();
    if (list !== true) return { why: list.remedy === undefined ? list.no : `${list.no}; ${list.remedy}` };
    const { flows } = await conntrack.list({
      sourceAddress: source.host,
      sourcePort: source.port,
      originalAddress: destination.host,
      originalPort: destination.port,
      limit: 8,
    });
    const flow = flows.find((each) => isOf(each, source, destination));
    if (!flow) return { why: 'the kernel tracks no such connection' };
    return { endpoint: textOf(flow.reply.source, flow.reply.sourcePort, destination) };
  } catch (error) {
    return { why: safe((error as Error).message, 200) };
  }
}

interface Place {
  readonly host: string;
  readonly port: number;
}

function isOf({ original }: Flow, source: Place, destination: Place): boolean {
  return (
    isHost(original.source, source.host) &&
    original.sourcePort === source.port &&
    isHost(original.destination, destination.host) &&
    original.destinationPort === destination.port
  );
}

const isHost = (a: string, b: string): boolean => String(parseIp(a)) === String(parseIp(b));

/** As we write it, where it is the address that was asked for. */
function textOf(host: string, port: number, asked: Place): string {
  const shown = isHost(host, asked.host) ? asked.host : host;
  return shown.includes(':') ? `[${shown}]:${port}` : `${shown}:${port}`;
}

function placeOf(text: string): Place {
  const colon = text.lastIndexOf(':');
  return { host: text.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(text.slice(colon + 1)) };
}
