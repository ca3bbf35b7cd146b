// The proxies of the bench, each on the proxy core with the same features on: keep-alive on both sides, X-Forwarded-For,
// one worker, log off or on. Each tells where its binds are and which processes move its bytes.
import { writeFileSync } from 'node:fs';
import { startHaproxy } from '../support/haproxy.ts';
import { nginxHasStream, startNginx } from '../support/nginx.ts';
import { descendants, freePort, start } from '../support/processes.ts';
import { scratch } from '../support/scratch.ts';
import { startSluice } from '../support/sluice.ts';

export interface RunningProxy {
  readonly name: string;
  readonly http: number;
  /** Same, with the access log on; undefined where it has none. */
  readonly logged?: number;
  readonly tcp?: number;
  /** Data plane only: what the CPU column counts. */
  pids(): readonly number[];
  stop(): Promise<void>;
}

export type StartProxy = (origin: number, under: readonly string[]) => Promise<RunningProxy>;

const haproxy: StartProxy = async (origin, under) => {
  const [http, logged, tcp] = [await freePort(), await freePort(), await freePort()];
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
`,
  });
  return {
    name: 'HAProxy',
    http,
    logged,
    tcp,
    pids: () => [proxy.pid, ...descendants(proxy.pid)],
    stop: proxy.stop,
  };
};

const nginx: StartProxy = async (origin, under) => {
  const [http, logged, tcp] = [await freePort(), await freePort(), await freePort()];
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
  server { listen 127.0.0.1:${logged}; access_log /dev/null combined; ${location} }`,
  });
  return {
    name: 'nginx',
    http,
    logged,
    ...(nginxHasStream ? { tcp } : {}),
    pids: () => [proxy.pid, ...descendants(proxy.pid)],
    stop: proxy.stop,
  };
};

const httpProxy: StartProxy = async (origin, under) => {
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
    http,
    pids: () => [started.pid],
    async stop() {
      await started.stop();
      place.remove();
    },
  };
};

/** Two runtimes, since the access log is a setting of the whole plan. */
const sluice: StartProxy = async (origin, under) => {
  const [http, logged, tcp] = [await freePort(), await freePort(), await freePort()];
  const plan = (binds: string, accessLog: string) => `
runtime:
  name: bench
${accessLog}
shards:
  - name: default
    binds:
${binds}
backends:
  - name: web
    mode: http
    servers: [{ name: app1, address: "127.0.0.1:${origin}" }]
  - name: raw
    mode: tcp
    servers: [{ name: app1, address: "127.0.0.1:${origin}" }]
`;
  const quiet = await startSluice({
    under,
    yaml: plan(
      `      - { listen: "127.0.0.1:${http}", mode: http, defaultBackend: web }
      - { listen: "127.0.0.1:${tcp}", mode: tcp, backend: raw }`,
      '',
    ),
  });
  const logging = await startSluice({
    under,
    yaml: plan(
      `      - { listen: "127.0.0.1:${logged}", mode: http, defaultBackend: web }`,
      '  accessLog: { path: /dev/null, format: haproxy }',
    ),
  });
  return {
    name: 'Sluice',
    http,
    logged,
    tcp,
    pids: () => [...descendants(quiet.pid), ...descendants(logging.pid)],
    async stop() {
      await quiet.stop();
      await logging.stop();
    },
  };
};

export const proxies: readonly (readonly [name: string, start: StartProxy])[] = [
  ['HAProxy', haproxy],
  ['nginx', nginx],
  ['Sluice', sluice],
  ['http-proxy', httpProxy],
];
