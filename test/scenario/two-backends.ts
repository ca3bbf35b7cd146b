// The stage of the load scenarios: two backends of two servers each behind one HTTP bind, told apart by host.
import { type LoadOptions, startLoad } from '../support/load.ts';
import { type Origin, startOrigin } from '../support/origin.ts';
import { type Scratch, scratch } from '../support/scratch.ts';
import { type RunningSluice, startSluice } from '../support/sluice.ts';

export interface Stage {
  readonly sluice: RunningSluice;
  readonly port: number;
  readonly origins: Readonly<Record<'web1' | 'web2' | 'api1' | 'api2', Origin>>;
  readonly postLog: string;
  /** The configuration; another weight makes another plan. */
  yaml(weight?: number): string;
  load(options?: Partial<LoadOptions>): ReturnType<typeof startLoad>;
  close(): Promise<void>;
}

export async function setStage(): Promise<Stage> {
  const place: Scratch = scratch();
  const postLog = place.path('posts');
  const [web1, web2, api1, api2] = await Promise.all(
    (['web1', 'web2', 'api1', 'api2'] as const).map((name) => startOrigin(name, postLog)),
  );
  const origins = { web1: web1!, web2: web2!, api1: api1!, api2: api2! };
  const yaml = (weight = 100) => `runtime:
  name: scenario
  stateFile: ${place.path('state.json')}
  grace: 1s
shards:
  - name: default
    binds:
      - { name: http, listen: "127.0.0.1:0", mode: http, maxConnections: 12000 }
routes:
  - { name: web, host: web.example.com, to: [{ backend: web, weight: 100 }] }
  - { name: api, host: api.example.com, to: [{ backend: api, weight: 100 }] }
backends:
  - name: web
    check: { http: { path: /healthz }, interval: 1s, fastInterval: 200ms, rise: 2, fall: 2 }
    servers:
      - { name: web1, address: "127.0.0.1:${origins.web1.port}", weight: ${weight} }
      - { name: web2, address: "127.0.0.1:${origins.web2.port}", weight: 100 }
  - name: api
    balance: { algorithm: leastconn }
    check: { http: { path: /healthz }, interval: 1s, fastInterval: 200ms, rise: 2, fall: 2 }
    servers:
      - { name: api1, address: "127.0.0.1:${origins.api1.port}" }
      - { name: api2, address: "127.0.0.1:${origins.api2.port}" }
`;
  const sluice = await startSluice({ yaml: yaml() });
  const { port } = await bindOf(sluice, 'http');
  return {
    sluice,
    port,
    origins,
    postLog,
    yaml,
    load: (options = {}) =>
      startLoad({
        port,
        targets: [
          { host: 'web.example.com', serverPrefix: 'web' },
          { host: 'api.example.com', serverPrefix: 'api' },
        ],
        clients: 20,
        ...options,
      }),
    async close() {
      await sluice.stop();
      await Promise.all(Object.values(origins).map(({ process }) => process.stop()));
      place.remove();
    },
  };
}

/** Where a bind really listens. */
export async function bindOf(sluice: RunningSluice, name: string): Promise<{ readonly port: number }> {
  const { binds } = (await sluice.json('show', 'binds')) as { binds: { name: string; address: string }[] };
  const address = binds.find((bind) => bind.name === name)?.address;
  if (address === undefined) throw new Error(`no bind ${name} among ${JSON.stringify(binds)}`);
  return { port: Number(address.slice(address.lastIndexOf(':') + 1)) };
}

export interface ShownServer {
  readonly key: string;
  readonly admin: string;
  readonly operational: string;
  readonly weight: number;
  readonly drain: { readonly phase: string; readonly startedAt: number } | null;
}

export async function serverOf(sluice: RunningSluice, key: string): Promise<ShownServer> {
  const { servers } = (await sluice.json('show', 'servers')) as { servers: ShownServer[] };
  const server = servers.find((one) => one.key === key);
  if (server === undefined) throw new Error(`no server ${key}`);
  return server;
}

export async function instancePids(sluice: RunningSluice): Promise<readonly number[]> {
  const { instances } = (await sluice.json('show', 'instances')) as {
    instances: { pid: number; state: string }[];
  };
  return instances.filter(({ state }) => state === 'serving').map(({ pid }) => pid);
}
