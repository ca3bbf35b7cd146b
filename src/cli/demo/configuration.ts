// The demo's configuration, as an operator would write it: a shop, an API and payments on the default shard, tickets, media
// and a legacy site on the shard for routes labelled `sharded`; all three TLS modes, and a database. Pure.

import { demoHosts } from './demo-hosts.ts';

export interface DemoPorts {
  readonly web: readonly DemoPort[];
  readonly api: readonly DemoPort[];
  readonly pay: readonly DemoPort[];
  readonly tickets: readonly DemoPort[];
  readonly media: readonly DemoPort[];
  readonly legacy: readonly DemoPort[];
  readonly db: readonly DemoPort[];
}

export interface DemoPort {
  readonly plain: number;
  /** Where it speaks TLS; undefined: nowhere. */
  readonly tls?: number;
}

/** Every listening port is ephemeral and on loopback; files stay in the demo's private folder. */
export function demoConfiguration(folder: string, ports: DemoPorts): string {
  const servers = (name: string, list: readonly DemoPort[], extra = '') =>
    list
      .map(({ plain, tls }, index) => {
        const tlsPort = tls === undefined ? '' : `, tlsPort: ${tls}`;
        return `      - { name: ${name}${index + 1}, address: "127.0.0.1:${plain}"${tlsPort}${extra} }`;
      })
      .join('\n');
  return `runtime:
  name: demo
  control: { listen: "unix:${folder}/control.sock" }
  grace: 10s
certificates:
  - { cert: apps.pem, key: apps.key }
  - { cert: shard-apps.pem, key: shard-apps.key }
shards:
  - name: default
    domain: apps.example.com
    instances: 2
    routeSelector: { matchExpressions: [{ key: sharded, operator: DoesNotExist }] }
    binds:
      - { name: web, listen: "127.0.0.1:0", mode: http, defaultBackend: web }
      - { name: secure, listen: "127.0.0.1:0", mode: tls, defaultBackend: web }
      - { name: db, listen: "127.0.0.1:0", mode: tcp, backend: db }
  - name: sharded
    domain: shard-apps.example.com
    instances: 2
    routeSelector: { matchLabels: { sharded: "true" } }
    binds:
      - { name: sharded-web, listen: "127.0.0.1:0", mode: http }
      - { name: sharded-secure, listen: "127.0.0.1:0", mode: tls }
routes:
  - name: shop
    host: ${demoHosts.shop}
    tls:
      termination: edge
      insecureEdgeTerminationPolicy: Redirect
      certificate: shop.pem
      key: shop.key
      hsts: { maxAge: 365d }
    to: [{ backend: web, weight: 100 }]
  - name: api
    host: ${demoHosts.api}
    tls: { termination: reencrypt, insecureEdgeTerminationPolicy: Allow, destinationCACertificate: ca.pem }
    to: [{ backend: api, weight: 100 }]
  - name: pay
    host: ${demoHosts.pay}
    tls: { termination: passthrough, insecureEdgeTerminationPolicy: Redirect }
    to: [{ backend: pay, weight: 100 }]
  - name: tickets
    labels: { sharded: "true" }
    host: ${demoHosts.tickets}
    tls: { termination: edge, insecureEdgeTerminationPolicy: Redirect }
    to: [{ backend: tickets, weight: 100 }]
  - name: media
    labels: { sharded: "true" }
    host: ${demoHosts.media}
    to: [{ backend: media, weight: 100 }]
  - name: legacy
    labels: { sharded: "true" }
    host: ${demoHosts.legacy}
    tls: { termination: edge }
    to: [{ backend: legacy, weight: 100 }]
backends:
  - name: web
    balance: { algorithm: leastconn }
    cookie: { name: SRV }
    tls: { ca: ca.pem, serverName: ${demoHosts.shop} }
    check: { http: { path: /healthz }, interval: 2s, fastInterval: 500ms, rise: 2, fall: 3 }
    servers:
${servers('app', ports.web, ', maxConnections: 200')}
  - name: api
    balance: { algorithm: roundrobin }
    check: { http: { path: /healthz }, interval: 2s, fastInterval: 500ms }
    servers:
${servers('api', ports.api)}
  - name: pay
    balance: { algorithm: source }
    tls: { ca: ca.pem, serverName: ${demoHosts.pay} }
    check: { http: { path: /healthz }, interval: 2s, fastInterval: 500ms }
    servers:
${servers('pay', ports.pay)}
  - name: tickets
    balance: { algorithm: source }
    tls: { ca: ca.pem, serverName: ${demoHosts.tickets} }
    check: { http: { path: /healthz }, interval: 2s, fastInterval: 500ms }
    servers:
${servers('ticket', ports.tickets)}
  - name: media
    balance: { algorithm: roundrobin }
    check: { http: { path: /healthz }, interval: 3s }
    servers:
${servers('media', ports.media)}
  - name: legacy
    check: { http: { path: /healthz }, interval: 3s }
    servers:
${servers('old', ports.legacy)}
  - name: db
    mode: tcp
    balance: { algorithm: source }
    check: { tcp: {}, interval: 3s }
    servers:
${servers('pg', ports.db)}
`;
}
