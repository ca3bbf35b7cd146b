// What the kernel is to be told of binds with `path: kernel`: their rules, or why it cannot take them. Pure.

import { addressText } from '../../domain/address-text.ts';
import { isLoopback, parseIp } from '../../domain/ip.ts';
import {
  type Address,
  type Backend,
  type Bind,
  type Plan,
  type Server,
  type ServerKey,
  serverKey,
} from '../../domain/plan.ts';
import { type ServerWish, takesNewClients } from '../../domain/server-state.ts';
import {
  type PathPlace,
  type PathRules,
  type PathTarget,
  wildcards,
} from '../../nft/table/parts/path-part.ts';

export interface WishedPath {
  readonly bind: Bind;
  readonly rules?: PathRules;
  /** Why there are none. */
  readonly why?: string;
}

export interface PathFacts {
  /** Does this machine send packets on that are not for it? */
  readonly forwarding: { readonly ip: boolean; readonly ip6: boolean };
  /** The port really listened on, by bind, where the plan says 0. */
  readonly portOf: (bind: string) => number | undefined;
}

export function wishedPaths(
  { shards, backends }: Plan,
  wishes: ReadonlyMap<ServerKey, ServerWish>,
  facts: PathFacts,
): WishedPath[] {
  return shards.flatMap(({ binds }) =>
    binds.flatMap((bind): WishedPath[] => {
      if (bind.kernelPath === undefined) return [];
      const backend = backends.find(({ name }) => name === bind.backend);
      if (backend === undefined) return [{ bind, why: 'it has no backend' }];
      const { algorithm } = backend;
      if (algorithm === 'leastconn') return [{ bind, why: 'the kernel cannot balance by leastconn' }];
      const { address } = bind;
      const unable = cannotStart(address);
      if (unable !== undefined || address.kind !== 'ip')
        return [{ bind, why: unable ?? 'it has no address' }];
      const port = address.port === 0 ? facts.portOf(bind.name) : address.port;
      if (port === undefined) return [{ bind, why: 'its port is not known yet' }];
      const far = backend.servers.flatMap(({ address: server, service }) =>
        service === undefined ? [server] : service.endpoints.map((endpoint) => endpoint.address),
      );
      const why =
        far.map(cannotReach).find((reason) => reason !== undefined) ?? crossing(address, far, facts);
      if (why !== undefined) return [{ bind, why }];
      const usable = backend.servers.filter((server) =>
        takesNewClients(wishOf(wishes, serverKey(backend.name, server.name), server)),
      );
      const primary = usable.filter(({ backup }) => !backup);
      const targets = (primary.length > 0 ? primary : usable).flatMap((server): PathTarget[] => {
        const key = serverKey(backend.name, server.name);
        const { weight } = wishOf(wishes, key, server);
        const drained = new Set(server.service === undefined ? [] : wishes.get(key)?.drained);
        return farOf(server)
          .filter((far) => !drained.has(addressText(far.address)))
          .map((far) => ({ server: key, address: far.address, weight: weight * far.weight }));
      });
      const rules: PathRules = {
        bind: bind.name,
        address: { host: address.host, port },
        algorithm,
        masquerade: bind.kernelPath.masquerade,
        places: placesOf(backend),
        targets,
      };
      return [{ bind, rules }];
    }),
  );
}

/** All that connections to a backend may go to, whatever state they are in. */
export function placesOf({ name, servers }: Backend): PathPlace[] {
  return servers.flatMap((server) =>
    farOf(server).map(({ address }) => ({ server: serverKey(name, server.name), address })),
  );
}

type IpAddress = Extract<Address, { kind: 'ip' }>;

/** Of a service its endpoints: its own address is never seen. */
function farOf({ address, service }: Server): { readonly address: IpAddress; readonly weight: number }[] {
  return (service?.endpoints ?? [{ address, weight: 1 }]).flatMap((far) =>
    far.address.kind === 'ip' ? [{ address: far.address, weight: far.weight }] : [],
  );
}

function wishOf(
  wishes: ReadonlyMap<ServerKey, ServerWish>,
  key: ServerKey,
  server: { readonly admin: ServerWish['admin']; readonly weight: number },
): Pick<ServerWish, 'admin' | 'operational' | 'weight'> {
  return wishes.get(key) ?? { admin: server.admin, operational: 'unchecked', weight: server.weight };
}

function cannotStart(address: Address): string | undefined {
  if (address.kind === 'unix') return 'a unix socket is no matter of nftables';
  return isLoopbackHost(address.host)
    ? `only this machine can reach ${address.host}, and from loopback the kernel sends nothing on`
    : undefined;
}

function cannotReach(address: Address): string | undefined {
  if (address.kind === 'unix') return `${addressText(address)} is a unix socket`;
  return isLoopbackHost(address.host)
    ? `the server at ${addressText(address)} is on loopback, where the kernel sends nobody from outside`
    : undefined;
}

function crossing(
  { host }: Address & { readonly kind: 'ip' },
  far: readonly Address[],
  { forwarding }: PathFacts,
): string | undefined {
  const families = new Set(
    far.flatMap((each) => (each.kind === 'ip' ? [isV6(each.host) ? 'ip6' : 'ip'] : [])),
  );
  const own = wildcards.has(host) ? families : new Set([isV6(host) ? 'ip6' : 'ip']);
  if (host !== '::' && ![...families].every((family) => own.has(family)))
    return 'an IPv4 client cannot be sent on to an IPv6 server, nor the other way round';
  if (families.has('ip') && !forwarding.ip)
    return 'this machine does not forward packets: sysctl net.ipv4.ip_forward=1';
  if (families.has('ip6') && !forwarding.ip6)
    return 'this machine does not forward IPv6 packets: sysctl net.ipv6.conf.all.forwarding=1';
  return undefined;
}

const isV6 = (host: string): boolean => host.includes(':');

function isLoopbackHost(host: string): boolean {
  const bytes = parseIp(host);
  return bytes !== undefined && isLoopback(bytes);
}
