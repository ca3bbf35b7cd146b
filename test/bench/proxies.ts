// The proxies of the bench, each on the proxy core with the same features on: keep-alive on both sides, X-Forwarded-For,
// one worker, log off or on. Each tells where its binds are and which processes move its bytes.
import { writeFileSync } from 'node:fs';
import { startHaproxy } from '../support/haproxy.ts';
import { nginxHasStream, startNginx } from '../support/nginx.ts';
import { descendants, freePort, start } from '../support/processes.ts';
import { scratch } from '../support/scratch.ts';
import { startSluice } from '../support/sluice.ts';
import type { BenchCertificates } from './certificates.ts';

export interface RunningProxy {
  readonly name: string;
  /** Its code is compiled while it runs. */
  readonly compiles?: boolean;
  readonly http: number;
  /** Same, with the access log on; undefined where it has none. */
  readonly logged?: number;
  readonly tcp?: number;
  /** TLS ends here; ends here and begins anew towards the origin; is passed through by SNI. */
  readonly edge?: number;
  readonly reencrypt?: number;
  readonly passthrough?: number;
  /** Data plane only, of the bind at this port: what the CPU column counts. */
  pids(port: number): readonly number[];
  stop(): Promise<void>;
}

/** What all of them send to, on loopback, and what they show to clients. */
export interface Origin {
  readonly http: number;
  readonly tls: number;
  readonly certificates: BenchCertificates;
}

export type StartProxy = (origin: Origin, under: readonly string[]) => Promise<RunningProxy>;

const haproxy: StartProxy = async ({ http: origin, tls, certificates }, under) => {
  const [http, logged, tcp] = [await freePort(), await freePort(), await freePort()];
  const [edge, reencrypt, passthrough] = [await freePort(), await freePort(), await freePort()];
  const proxy = await startHaproxy({
    under: ['sh', '-c', `exec ${under.join(' ')} "$@" > /dev/null`, 'sh'],
    port: tcp,
    configuration: () => `
global
  nbthread 1
  maxconn 8000
  log stdout format raw local0
defaults
  mode http
  timeout connect 1s
  timeout client 30s
  timeout server 30s
  http-reuse always
frontend http
  bind 127.0.0.1:${http}
  option forwardfor
  default_backend web
frontend logged
  bind 127.0.0.1:${logged}
  log global
  option httplog
  option forwardfor
  default_backend web
backend web
  server app1 127.0.0.1:${origin} maxconn 4000
listen tcp
  mode tcp
  bind 127.0.0.1:${tcp}
  server app1 127.0.0.1:${origin}
frontend edge
  bind 127.0.0.1:${edge} ssl crt ${certificates.both} ssl-min-ver TLSv1.2 alpn http/1.1
  option forwardfor
  default_backend web
frontend reencrypt
  bind 127.0.0.1:${reencrypt} ssl crt ${certificates.both} ssl-min-ver TLSv1.2 alpn http/1.1
  option forwardfor
  default_backend secured
backend secured
  server app1 127.0.0.1:${tls} maxconn 4000 ssl verify required ca-file ${certificates.ca} verifyhost localhost sni str(localhost)
frontend passthrough
  mode tcp
  bind 127.0.0.1:${passthrough}
  tcp-request inspect-delay 5s
  tcp-request content accept if { req.ssl_hello_type 1 }
  use_backend passed if { req.ssl_sni -i localhost }
backend passed
  mode tcp
  server app1 127.0.0.1:${tls}
`,
  });
  return {
    name: 'HAProxy',
    http,
    logged,
    tcp,
    edge,
    reencrypt,
    passthrough,
    pids: () => [proxy.pid, ...descendants(proxy.pid)],
    stop: proxy.stop,
  };
};

const nginx: StartProxy = async ({ http: origin, tls, certificates }, under) => {
  const [http, logged, tcp] = [await freePort(), await freePort(), await freePort()];
  const [edge, reencrypt] = [await freePort(), await freePort()];
  const shown = `ssl_certificate ${certificates.cert}; ssl_certificate_key ${certificates.key};
    ssl_protocols TLSv1.2 TLSv1.3; ssl_session_cache shared:bench:10m;`;
  const location = `location / {
      proxy_pass http://web;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    }`;
  const proxy = await startNginx({
    under,
    port: http,
    top: `worker_processes 1;${nginxHasStream ? `stream { server { listen 127.0.0.1:${tcp}; proxy_pass 127.0.0.1:${origin}; } }` : ''}`,
    http: `upstream web { server 127.0.0.1:${origin}; keepalive 256; keepalive_requests 100000000; }
  server { listen 127.0.0.1:${http}; ${location} }
  server { listen 127.0.0.1:${logged}; access_log /dev/null combined; ${location} }
  server { listen 127.0.0.1:${edge} ssl; ${shown} ${location} }
  upstream secured { server 127.0.0.1:${tls}; keepalive 256; keepalive_requests 100000000; }
  server { listen 127.0.0.1:${reencrypt} ssl; ${shown}
    proxy_ssl_verify on; proxy_ssl_trusted_certificate ${certificates.ca}; proxy_ssl_name localhost; proxy_ssl_server_name on;
    ${location.replace('http://web', 'https://secured')} }`,
  });
  return {
    name: 'nginx',
    http,
    logged,
    ...(nginxHasStream ? { tcp } : {}),
    edge,
    reencrypt,
    pids: () => [proxy.pid, ...descendants(proxy.pid)],
    stop: proxy.stop,
  };
};

const httpProxy: StartProxy = async ({ http: origin }, under) => {
  const place = scratch();
  const http = await freePort();
  writeFileSync(
    place.path('proxy.cjs'),
    `const { Agent, createServer } = require('node:http');
const { createProxyServer } = require(${JSON.stringify(new URL('../../node_modules/http-proxy', import.meta.url).pathname)});
const agent = new Agent({ keepAlive: true, maxSockets: 4000 });
const proxy = createProxyServer({ target: 'http://127.0.0.1:${origin}', agent, xfwd: true });
proxy.on('error', (error, request, response) => { response.writeHead?.(502); response.end(); });
createServer((request, response) => proxy.web(request, response)).listen(${http}, '127.0.0.1', () => console.log('ready'));
`,
  );
  const words = [...under, process.execPath, '--no-deprecation', place.path('proxy.cjs')];
  const started = await start(words[0]!, words.slice(1), { ready: /ready/ });
  return {
    name: 'http-proxy',
    compiles: true,
    http,
    pids: () => [started.pid],
    async stop() {
      await started.stop();
      place.remove();
    },
  };
};

/** Runtimes of their own for what is a setting of the whole plan: the access log, and each TLS mode of the one host. */
const sluice: StartProxy = async ({ http: origin, tls, certificates }, under) => {
  const [http, logged, tcp] = [await freePort(), await freePort(), await freePort()];
  const plan = (binds: string, accessLog = '', termination = 'edge') => `
runtime:
  name: bench
${accessLog}
certificates: [{ cert: ${certificates.cert}, key: ${certificates.key} }]
shards:
  - name: default
    binds:
${binds}
routes:
  - { name: bench, host: localhost, tls: { termination: ${termination} }, to: [{ backend: web }] }
backends:
  - name: web
    mode: http
    tls: { ca: ${certificates.ca}, serverName: localhost }
    servers: [{ name: app1, address: "127.0.0.1:${origin}", tlsPort: ${tls} }]
  - name: raw
    mode: tcp
    servers: [{ name: app1, address: "127.0.0.1:${origin}" }]
`;
  const quiet = await startSluice({
    under,
    yaml: plan(
      `      - { listen: "127.0.0.1:${http}", mode: http, defaultBackend: web }
      - { listen: "127.0.0.1:${tcp}", mode: tcp, backend: raw }`,
    ),
  });
  const secured = await Promise.all(
    (['edge', 'reencrypt', 'passthrough'] as const).map(async (termination) => {
      const port = await freePort();
      const runtime = await startSluice({
        under,
        yaml: plan(`      - { listen: "127.0.0.1:${port}", mode: tls }`, '', termination),
      });
      return { termination, port, runtime };
    }),
  );
  const logging = await startSluice({
    under,
    yaml: plan(
      `      - { listen: "127.0.0.1:${logged}", mode: http, defaultBackend: web }`,
      '  accessLog: { path: /dev/null, format: haproxy }',
    ),
  });
  // Those that are not asked have nothing to do, but their samples are not free.
  const runtimes = new Map([
    [logged, logging] as const,
    ...secured.map(({ port, runtime }) => [port, runtime] as const),
  ]);
  return {
    name: 'Sluice',
    compiles: true,
    http,
    logged,
    tcp,
    ...Object.fromEntries(secured.map(({ termination, port }) => [termination, port])),
    pids: (port) => descendants((runtimes.get(port) ?? quiet).pid),
    async stop() {
      for (const runtime of [quiet, logging, ...secured.map((each) => each.runtime)]) await runtime.stop();
    },
  };
};

export const proxies: readonly (readonly [name: string, start: StartProxy])[] = [
  ['HAProxy', haproxy],
  ['nginx', nginx],
  ['Sluice', sluice],
  ['http-proxy', httpProxy],
];
