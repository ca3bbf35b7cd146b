// The demo's configuration: a small shop, an API and a database, as an operator would write them. Pure.

export interface DemoPorts {
  readonly web: readonly number[];
  readonly api: readonly number[];
  readonly db: readonly number[];
}

/** Every listening port is ephemeral and on loopback; files stay in the demo's private folder. */
export function demoConfiguration(folder: string, ports: DemoPorts): string {
  const servers = (name: string, list: readonly number[], extra = '') =>
    list
      .map((port, index) => `      - { name: ${name}${index + 1}, address: "127.0.0.1:${port}"${extra} }`)
      .join('\n');
  return `runtime:
  name: demo
  control: { listen: "unix:${folder}/control.sock" }
  grace: 1s
shards:
  - name: default
    domain: apps.example.com
    binds:
      - { name: web, listen: "127.0.0.1:0", mode: http, defaultBackend: web }
      - { name: db, listen: "127.0.0.1:0", mode: tcp, backend: db }
routes:
  - name: api
    host: api.apps.example.com
    to: [{ backend: api, weight: 100 }]
  - name: shop
    host: shop.apps.example.com
    to: [{ backend: web, weight: 100 }]
backends:
  - name: web
    balance: { algorithm: leastconn }
    cookie: { name: SRV }
    check: { http: { path: /healthz }, interval: 2s, fastInterval: 500ms, rise: 2, fall: 3 }
    servers:
${servers('app', ports.web, ', maxConnections: 200')}
  - name: api
    balance: { algorithm: roundrobin }
    check: { http: { path: /healthz }, interval: 2s, fastInterval: 500ms }
    servers:
${servers('api', ports.api)}
  - name: db
    mode: tcp
    balance: { algorithm: source }
    check: { tcp: {}, interval: 3s }
    servers:
${servers('pg', ports.db)}
`;
}
