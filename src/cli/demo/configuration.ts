// The demo's configuration: a shop, an API, payments and a database, in all three TLS modes, as an operator would write
// them. Pure.

import { demoHosts } from './demo-hosts.ts';

export interface DemoPorts {
  readonly web: readonly DemoPort[];
  readonly api: readonly DemoPort[];
  readonly pay: readonly DemoPort[];
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
  grace: 1s
certificates:
  - { cert: apps.pem, key: apps.key }
shards:
  - name: default
    domain: apps.example.com
    binds:
      - { name: web, listen: "127.0.0.1:0", mode: http, defaultBackend: web }
      - { name: secure, listen: "127.0.0.1:0", mode: tls, defaultBackend: web }
      - { name: db, listen: "127.0.0.1:0", mode: tcp, backend: db }
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
  - name: legacy
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
