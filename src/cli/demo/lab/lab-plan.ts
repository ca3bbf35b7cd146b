// The lab's network, as addresses: clients, the proxy between them, and containers behind it. Pure.
//
//   clients 10.77.0.0/16 ── 10.77.0.1 proxy 10.88.N.1 ── 10.88.N.2 container N
//
// Every box is a network namespace; the proxy's has the runtime, the console and the rules.

/** Where clients find the proxy. */
export const proxyAddress = '10.77.0.1';
/** A client's; the first one is that of their network's own interface. */
export function clientAddress(index: number): string {
  return `10.77.${1 + (index >> 7)}.${1 + (index & 127)}`;
}
export const clientCount = 60;
/** Asks for what is not there, all the time: somebody to block. */
export const scannerAddress = '10.77.66.6';

export type Role = 'web' | 'api' | 'db';

export interface Container {
  readonly name: string;
  readonly role: Role;
  /** 10.88.N.2/30; the proxy has 10.88.N.1. */
  readonly address: string;
  readonly gateway: string;
  readonly port: number;
}

const ports: Readonly<Record<Role, number>> = { web: 8080, api: 8080, db: 5432 };

export const containers: readonly Container[] = (
  ['web', 'web', 'web', 'api', 'api', 'db', 'db'] satisfies Role[]
).map((role, index) => ({
  name: `pod${index + 1}`,
  role,
  address: `10.88.${index + 1}.2`,
  gateway: `10.88.${index + 1}.1`,
  port: ports[role],
}));

export function containersOf(role: Role): readonly Container[] {
  return containers.filter((container) => container.role === role);
}

/** A Service of the cluster's, translated by a table that is not ours. */
export const foreignService = { address: '10.96.0.20', port: 80 } as const;
/** Our own: translated by `inet sluice`. */
export const ownService = { address: '10.96.0.10', port: 80 } as const;

/** As kube-proxy writes it (nftables mode, the shape with endpoint chains), for the lab's one Service of the cluster. */
export function foreignTable(): string {
  const pods = containersOf('api');
  const service = 'service-L4BSX6OM-lab/api/tcp/http';
  const chains = pods.map(({ address, port }, index) => ({
    name: `endpoint-QWERT${index + 1}-lab/api/tcp/http__${address}/${port}`,
    to: `${address}:${port}`,
  }));
  const picks = chains.map(({ name }, index) => `${index} : goto ${name}`).join(', ');
  return `table ip kube-proxy {
  comment "rules for kube-proxy"
${chains.map(({ name, to }) => `  chain ${name} {\n    meta l4proto tcp dnat to ${to}\n  }`).join('\n')}
  chain ${service} {
    numgen random mod ${chains.length} vmap { ${picks} }
  }
  map service-ips {
    type ipv4_addr . inet_proto . inet_service : verdict
    comment "ClusterIP, ExternalIP and LoadBalancer IP traffic"
    elements = { ${foreignService.address} . tcp . ${foreignService.port} : goto ${service} }
  }
  chain services {
    ip daddr . meta l4proto . th dport vmap @service-ips
  }
  chain nat-output {
    type nat hook output priority -100; policy accept;
    jump services
  }
  chain nat-prerouting {
    type nat hook prerouting priority dstnat; policy accept;
    jump services
  }
}
`;
}
