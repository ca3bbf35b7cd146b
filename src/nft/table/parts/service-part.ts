// Part `service` of our table: a server that is a service is reached by an address that nobody listens on, and each new
// connection of this machine's own to it is sent to one of its endpoints. Of this machine's own alone (hook output): what others
// send through it to the same address is no business of ours. Pure.
//
//   service_output (nat, output)    address and port → goto service_BACKEND_SERVER
//   service_BACKEND_SERVER          a draw by weight among those that are ready → goto the endpoint's chain; a reset if none is
//   service_BACKEND_SERVER_HOST_PORT    counts the connection, and translates its address
//   service_postrouting (nat)       the source becomes that of the interface it leaves by: answers find back whichever it is

import type { ServerKey, Service } from '../../../domain/plan.ts';
import type { Expression, Json } from '../../json.ts';
import { commentOf, hashOf } from '../object-name.ts';
import type { TablePart, WishedChain } from '../table-part.ts';

export interface ServiceRules {
  readonly server: ServerKey;
  readonly address: { readonly host: string; readonly port: number };
  readonly pick: Service['pick'];
  readonly endpoints: readonly EndpointRule[];
}

export interface EndpointRule {
  /** As its entity has it: "10.1.0.5:8080". */
  readonly name: string;
  readonly address: { readonly host: string; readonly port: number };
  readonly weight: number;
  /** It gets no new connections; those it has stay (the kernel remembers them). */
  readonly drained: boolean;
}

type Address = ServiceRules['address'];

/** Before kube-proxy and Docker look at it (-100), which know nothing of our addresses anyway. */
const outputPriority = -105;
const postroutingPriority = 95;
/** Of its own: the same hash as another table's would leave some endpoints without clients. */
const hashSeed = 0x511ce005;

export function servicePart(services: readonly ServiceRules[]): TablePart {
  if (services.length === 0) return { counters: [], sets: [], chains: [] };
  return {
    counters: services.flatMap(({ server, endpoints }) =>
      endpoints.map(({ address }) => ({
        name: endpointCounterName(server, address),
        comment: commentOf(`${server} ${placeText(address)}`),
      })),
    ),
    sets: [],
    chains: [
      // What is gone to must be there before.
      ...services.flatMap((service) => [...endpointChains(service), serviceChain(service)]),
      outputChain(services),
      postroutingChain(services),
    ],
  };
}

/** Counts connections; its chain has the same name. @param address as text: "10.1.0.5:8080", "[fd00::5]:8080" */
export function endpointCounterName(server: ServerKey, address: Address): string {
  return `${serviceChainName(server)}_${address.host.replaceAll(':', '.')}_${address.port}`;
}

/** nft's names have no "-" and no ":"; one that had them ends in a hash of the true name, so that no two are the same. */
export function serviceChainName(server: ServerKey): string {
  const plain = /^[A-Za-z0-9.]{1,20}\/[A-Za-z0-9.]{1,20}$/.test(server);
  const written = server.replace(/[^A-Za-z0-9.]/g, '_');
  return plain ? `service_${written}` : `service_${written.slice(0, 32)}_${hashOf(server)}`;
}

function endpointChains({ server, endpoints }: ServiceRules): WishedChain[] {
  return endpoints
    .filter(({ drained }) => !drained)
    .map(({ address }) => {
      const name = endpointCounterName(server, address);
      return {
        name,
        rules: [
          {
            comment: commentOf(`${server} to ${placeText(address)}`),
            expressions: [
              overTcp,
              { counter: name },
              { dnat: { family: familyOf(address), addr: address.host, port: address.port } },
            ],
          },
        ],
      };
    });
}

function serviceChain({ server, address, pick, endpoints }: ServiceRules): WishedChain {
  const name = serviceChainName(server);
  const ready = endpoints.filter(({ drained }) => !drained);
  const total = ready.reduce((sum, { weight }) => sum + weight, 0);
  const comment = commentOf(`${server}: service ${placeText(address)}`);
  // Refused at once, as where nobody listens: so the proxy asks another server, and a check says why it fails.
  if (ready.length === 0)
    return { name, rules: [{ comment, expressions: [overTcp, { reject: { type: 'tcp reset' } }] }] };
  if (ready.length === 1)
    return {
      name,
      rules: [{ comment, expressions: [goTo(endpointCounterName(server, ready[0]!.address))] }],
    };
  let next = 0;
  const shares = ready.map(({ address: endpoint, weight }): Json => {
    const from = next;
    next += weight;
    return [weight === 1 ? from : { range: [from, next - 1] }, goTo(endpointCounterName(server, endpoint))];
  });
  const draw: Json =
    pick === 'random'
      ? { numgen: { mode: 'random', mod: total, offset: 0 } }
      : {
          jhash: {
            mod: total,
            offset: 0,
            seed: hashSeed,
            expr: { concat: [field(address, 'saddr'), { payload: { protocol: 'tcp', field: 'sport' } }] },
          },
        };
  return {
    name,
    rules: [{ comment, expressions: [{ vmap: { key: draw, data: { set: shares } } }] }],
  };
}

function outputChain(services: readonly ServiceRules[]): WishedChain {
  return {
    name: 'service_output',
    base: { type: 'nat', hook: 'output', priority: outputPriority },
    rules: families(services).map((ofFamily) => ({
      expressions: [
        {
          vmap: {
            key: {
              concat: [
                field(ofFamily[0]!.address, 'daddr'),
                { payload: { protocol: 'tcp', field: 'dport' } },
              ],
            },
            data: {
              set: ofFamily.map(({ server, address }) => [
                { concat: [address.host, address.port] },
                goTo(serviceChainName(server)),
              ]),
            },
          },
        },
      ],
    })),
  };
}

function postroutingChain(services: readonly ServiceRules[]): WishedChain {
  return {
    name: 'service_postrouting',
    base: { type: 'nat', hook: 'postrouting', priority: postroutingPriority },
    rules: families(services).map((ofFamily) => ({
      comment: 'answers find back, whichever route chose the source',
      expressions: [
        overTcp,
        { match: { op: 'in', left: { ct: { key: 'status' } }, right: 'dnat' } },
        {
          match: {
            op: '==',
            left: { ct: { key: `${familyOf(ofFamily[0]!.address)} daddr`, dir: 'original' } },
            right: { set: [...new Set(ofFamily.map(({ address }) => address.host))] },
          },
        },
        // Somebody else may translate another port of it. Not one concatenation: nft 1.0.6 writes its ports down as nothing.
        {
          match: {
            op: '==',
            left: { ct: { key: 'proto-dst', dir: 'original' } },
            right: { set: [...new Set(ofFamily.map(({ address }) => address.port))] },
          },
        },
        { masquerade: null },
      ],
    })),
  };
}

const overTcp: Expression = {
  match: { op: '==', left: { meta: { key: 'l4proto' } }, right: 'tcp' },
};

const goTo = (target: string): Expression => ({ goto: { target } });

const familyOf = ({ host }: Address): 'ip' | 'ip6' => (host.includes(':') ? 'ip6' : 'ip');

const field = (of: Address, name: 'saddr' | 'daddr'): Expression => ({
  payload: { protocol: familyOf(of), field: name },
});

function families(services: readonly ServiceRules[]): (readonly ServiceRules[])[] {
  return (['ip', 'ip6'] as const)
    .map((family) => services.filter(({ address }) => familyOf(address) === family))
    .filter((ofFamily) => ofFamily.length > 0);
}

const placeText = ({ host, port }: Address): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
