// What servers that are services need: an address of their own that nobody else has, and endpoints that nftables can translate
// it to.

import { addressText } from '../domain/address-text.ts';
import { isLoopback, parseIp } from '../domain/ip.ts';
import type { Address } from '../domain/plan.ts';
import { parseListen, parseServerAddress } from './addresses.ts';
import { at, type Found, isThere, items, textOf } from './found.ts';
import type { Finding, Path } from './problem.ts';

type IpAddress = Address & { readonly kind: 'ip' };

interface Service {
  readonly server: Found;
  readonly found: Found;
  readonly address: Read | undefined;
  readonly endpoints: readonly (Read | undefined)[];
}

/** An address as written, and in the one form in which equal ones are equal. */
interface Read {
  readonly path: Path;
  readonly value: IpAddress;
  readonly same: string;
}

export function checkServices(backends: readonly Found[], binds: readonly Found[]): Finding[] {
  const servers = backends.flatMap((backend) => items(at(backend, 'servers')));
  const services = servers.map(serviceOf).filter((service) => service !== undefined);
  return [
    ...servers.flatMap(oneOfTwo),
    ...services.flatMap(ownFaults),
    ...taken(services, servers, binds),
    ...checkPorts(backends),
  ];
}

function oneOfTwo(server: Found): Finding[] {
  const [address, service] = [at(server, 'address'), at(server, 'service')];
  if (typeof server.value !== 'object' || server.value === null) return [];
  if (isThere(address) && typeof service.value === 'object' && service.value !== null)
    return [
      {
        path: service.path,
        atKey: true,
        message: 'a server has either an address or a service',
        remedy: "keep one; a service's own address is inside it",
      },
    ];
  if (isThere(address) || isThere(service)) return [];
  return [{ path: address.path, message: '"address" is missing', remedy: 'add address:, or service:' }];
}

function serviceOf(server: Found): Service | undefined {
  const found = at(server, 'service');
  if (typeof found.value !== 'object' || found.value === null) return undefined;
  const endpoints = items(at(found, 'endpoints')).map((endpoint) =>
    read(typeof endpoint.value === 'string' ? endpoint : at(endpoint, 'address')),
  );
  return { server, found, address: read(at(found, 'address')), endpoints };
}

/** What cannot be read is told by the schema. */
function read(found: Found): Read | undefined {
  const text = textOf(found);
  const parsed = text === undefined ? undefined : parseServerAddress(text);
  if (!parsed?.ok || parsed.value.kind !== 'ip') return undefined;
  return { path: found.path, value: parsed.value, same: sameText(parsed.value) };
}

const sameText = ({ host, port }: IpAddress): string => `${parseIp(host)?.join('.')} ${port}`;

function ownFaults({ server, address, endpoints }: Service): Finding[] {
  const tlsPort = at(server, 'tlsPort');
  return [
    ...(isThere(tlsPort)
      ? [
          {
            path: tlsPort.path,
            atKey: true,
            message: 'the endpoints of a service have one port each, and no other for TLS',
            remedy: 'make a backend with a service of its own for TLS',
          } as const,
        ]
      : []),
    ...(address === undefined ? [] : addressFaults(address)),
    ...endpoints.flatMap((endpoint) => (endpoint === undefined ? [] : endpointFaults(endpoint, address))),
    ...twice(endpoints),
  ];
}

function addressFaults({ path, value }: Read): Finding[] {
  const unfit = unfitFor(value);
  if (unfit !== undefined) return [{ path, ...unfit }];
  if (!isLoopback(parseIp(value.host)!)) return [];
  return [
    {
      path,
      message: `${addressText(value)} is a loopback address: what is sent there never leaves for another`,
      remedy: 'choose an address that nothing on your networks has, such as 10.96.0.10:80',
    },
  ];
}

function endpointFaults({ path, value }: Read, service: Read | undefined): Finding[] {
  const unfit = unfitFor(value);
  if (unfit !== undefined) return [{ path, ...unfit }];
  if (service === undefined || isIpv6(value) === isIpv6(service.value)) return [];
  const [one, other] = isIpv6(service.value) ? ['IPv6', 'IPv4'] : ['IPv4', 'IPv6'];
  return [
    {
      path,
      message: `the service's address is ${one}, and this is ${other}: one cannot be translated to the other`,
      remedy: `write an ${one} address, or make a server of its own for ${other}`,
    },
  ];
}

function unfitFor({ host }: IpAddress): Pick<Finding, 'message' | 'remedy'> | undefined {
  if (host.includes('%'))
    return {
      message: `${host} is known on one interface alone, and nftables cannot translate to it`,
      remedy: 'write an address without a zone',
    };
  return parseIp(host)?.every((byte) => byte === 0)
    ? { message: `${host} is every address, and none in particular`, remedy: 'write one address' }
    : undefined;
}

const isIpv6 = ({ host }: IpAddress): boolean => parseIp(host)?.length === 16;

function twice(endpoints: Service['endpoints']): Finding[] {
  const seen = new Set<string>();
  return endpoints.flatMap((endpoint) => {
    if (endpoint === undefined) return [];
    if (!seen.has(endpoint.same)) {
      seen.add(endpoint.same);
      return [];
    }
    const message = `the endpoint ${addressText(endpoint.value)} is there twice`;
    return [{ path: endpoint.path, message, remedy: 'give it a weight: instead' }];
  });
}

/** A service's address is its own: whatever else connects to it on this machine is translated as well. */
function taken(services: readonly Service[], servers: readonly Found[], binds: readonly Found[]): Finding[] {
  const owners = new Map<string, string>();
  const findings: Finding[] = [];
  for (const { server, address } of services) {
    if (address === undefined) continue;
    const owner = owners.get(address.same);
    if (owner === undefined) owners.set(address.same, textOf(at(server, 'name')) ?? 'an earlier one');
    else
      findings.push({
        path: address.path,
        message: `the service of the server "${owner}" has the same address`,
        remedy: 'choose another, or another port: it is translated to the endpoints of one alone',
      });
  }
  const clash = (found: Read | undefined, what: string): Finding[] => {
    const owner = found && owners.get(found.same);
    if (found === undefined || owner === undefined) return [];
    return [
      {
        path: found.path,
        message: `${addressText(found.value)} is the address of the service of the server "${owner}"; ${what}`,
        remedy: 'choose another address for one of them',
      },
    ];
  };
  return [
    ...findings,
    ...servers.flatMap((server) =>
      clash(read(at(server, 'address')), 'connections to this one would go to its endpoints'),
    ),
    ...services.flatMap(({ endpoints }) =>
      endpoints.flatMap((endpoint) => clash(endpoint, 'nobody listens there')),
    ),
    ...binds.flatMap((bind) => clash(readListen(at(bind, 'listen')), 'nobody may listen there')),
  ];
}

function readListen(found: Found): Read | undefined {
  const text = textOf(found);
  const parsed = text === undefined ? undefined : parseListen(text);
  if (!parsed?.ok || parsed.value.kind !== 'ip') return undefined;
  return { path: found.path, value: parsed.value, same: sameText(parsed.value) };
}

/** A check's own port is none of the service's: nothing would translate it. */
function checkPorts(backends: readonly Found[]): Finding[] {
  return backends.flatMap((backend) => {
    const port = at(backend, 'check', 'port');
    const service = items(at(backend, 'servers')).find((server) => isThere(at(server, 'service')));
    if (!isThere(port) || service === undefined) return [];
    return [
      {
        path: port.path,
        atKey: true,
        message: `the server "${textOf(at(service, 'name')) ?? ''}" is a service, whose endpoints are reached by its own port alone`,
        remedy: 'leave port: away, or check these servers in a backend of their own',
      },
    ];
  });
}
