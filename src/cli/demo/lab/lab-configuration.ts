// The lab's configuration, as an operator would write it: clients steered by nftables, a service in front of containers, a
// database path through the kernel beside the same relayed. Pure.

import { containersOf, foreignService, ownService, proxyAddress } from './lab-plan.ts';

/** `tableSize`: a large one is more than an unprivileged user may hand to the kernel at once. */
export function labConfiguration(folder: string, tableSize: number): string {
  const addresses = (role: 'web' | 'api' | 'db') =>
    containersOf(role).map(({ address, port }) => `"${address}:${port}"`);
  const databases = addresses('db')
    .map((address, index) => `      - { name: pg${index + 1}, address: ${address} }`)
    .join('\n');
  return `runtime:
  name: lab
  control: { listen: "unix:${folder}/control.sock" }
  nft: { counters: true }
  grace: 5s
shards:
  - name: default
    instances: 2
    steering: nft
    tableSize: ${tableSize}
    binds:
      - { name: web, listen: "${proxyAddress}:80", mode: http }
      - { name: db, listen: "${proxyAddress}:5432", mode: tcp, backend: db, path: kernel }
      - { name: db-relayed, listen: "${proxyAddress}:5433", mode: tcp, backend: db-relayed }
routes:
  - { name: shop, host: shop.example.com, to: [{ backend: shop }] }
  - { name: api, host: api.example.com, to: [{ backend: api }] }
backends:
  - name: shop
    check: { http: { path: /healthz }, interval: 2s }
    servers:
      - name: pods
        service: { address: "${ownService.address}:${ownService.port}", endpoints: [${addresses('web').join(', ')}] }
  - name: api
    check: { http: { path: /healthz }, interval: 2s }
    servers:
      - { name: cluster, address: "${foreignService.address}:${foreignService.port}" }
  - name: db
    mode: tcp
    balance: { algorithm: random }
    check: { tcp: {}, interval: 3s }
    servers:
${databases}
  - name: db-relayed
    mode: tcp
    balance: { algorithm: random }
    check: { tcp: {}, interval: 3s }
    servers:
${databases}
`;
}
