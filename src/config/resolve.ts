// A checked configuration → the plan: every default filled in, every path absolute, every id made. Cannot fail.

import { resolve as resolvePath } from 'node:path';
import { addressText } from '../domain/address-text.ts';
import type {
  Address,
  Backend,
  Bind,
  Check,
  Mode,
  Plan,
  Route,
  RuntimeSettings,
  Timeouts,
} from '../domain/plan.ts';
import { controlListens } from './control.ts';
import { defaults } from './defaults.ts';
import { planHash } from './plan-hash.ts';
import { shardOf } from './resolve-shard.ts';
import { backendTlsOf, bindTlsOf, certificateFiles, routeTlsOf, type ToFile } from './resolve-tls.ts';
import type { Configuration } from './schema.ts';
import { serverIds } from './server-ids.ts';

export interface Surroundings {
  /** Absolute; relative paths start here. */
  readonly folder: string;
  readonly defaultControlPath: string;
  /** Of every backend, by name. */
  readonly modes: ReadonlyMap<string, Mode>;
  /** The name of each bind, in order, where none is written. */
  readonly listenTexts: readonly (readonly string[])[];
}

export function resolvePlan(configuration: Configuration, surroundings: Surroundings): Plan {
  const { timeouts } = configuration;
  const file = (path: string) => resolvePath(surroundings.folder, path);
  const plan: Omit<Plan, 'hash'> = {
    runtime: runtimeOf(configuration.runtime, surroundings, file),
    certificates: configuration.certificates.map((entry) => certificateFiles(entry, file)),
    namespaces: configuration.namespaces,
    shards: configuration.shards.map((shard, index) =>
      shardOf(
        shard,
        shard.binds.map((bind, at) => bindOf(bind, surroundings.listenTexts[index]?.[at], timeouts, file)),
      ),
    ),
    routes: configuration.routes.map((route) => routeOf(route, file)),
    backends: configuration.backends.map((backend) =>
      backendOf(backend, surroundings.modes.get(backend.name) ?? 'http', timeouts, file),
    ),
  };
  return { hash: planHash(plan), ...plan };
}

/** What a configuration says of the runtime alone. */
export function resolveRuntime(
  settings: Configuration['runtime'],
  folder: string,
  defaultControlPath: string,
): RuntimeSettings {
  return runtimeOf(settings, { defaultControlPath }, (path) => resolvePath(folder, path));
}

function runtimeOf(
  { name, control, stateFile, journalFile, accessLog, watch, nft, grace }: Configuration['runtime'],
  { defaultControlPath }: Pick<Surroundings, 'defaultControlPath'>,
  file: ToFile,
): RuntimeSettings {
  return {
    name,
    control: controlListens(control, defaultControlPath, file),
    ...(stateFile === undefined ? {} : { stateFile: file(stateFile) }),
    ...(journalFile === undefined ? {} : { journalFile: file(journalFile) }),
    ...(accessLog === undefined
      ? {}
      : { accessLog: { ...accessLog, path: accessLog.path === '-' ? '-' : file(accessLog.path) } }),
    ...(watch === undefined ? {} : { watch: file(watch) }),
    nft,
    grace,
  };
}

function bindOf(
  bind: Configuration['shards'][number]['binds'][number],
  listenText: string | undefined,
  timeouts: Timeouts,
  file: ToFile,
): Bind {
  const backend = bind.mode === 'tcp' ? bind.backend : bind.defaultBackend;
  return {
    name: bind.name ?? listenText ?? addressText(bind.listen),
    address: placed(bind.listen, file),
    mode: bind.mode,
    ...(backend === undefined ? {} : { backend }),
    maxConnections: bind.maxConnections,
    timeouts: {
      client: bind.timeouts.client ?? timeouts.client,
      request: bind.timeouts.request ?? timeouts.request,
      keepAlive: bind.timeouts.keepAlive ?? timeouts.keepAlive,
    },
    maxHeadBytes: bind.maxHeadBytes,
    maxBodyBytes: bind.maxBodyBytes,
    forwardedHeaders: bind.forwardedHeaders,
    ...(bind.mode === 'tls' ? { tls: bindTlsOf(bind, file) } : {}),
    ...(bind.path === 'kernel'
      ? {
          kernelPath: {
            masquerade: bind.masquerade ?? false,
            fallback: bind.fallback ?? defaults.kernelPathFallback,
          },
        }
      : {}),
  };
}

function routeOf(
  { name, namespace, labels, created, uid, host, path, tls, to }: Configuration['routes'][number],
  file: ToFile,
): Route {
  return {
    name,
    namespace,
    labels,
    ...(created === undefined ? {} : { createdAt: created }),
    ...(uid === undefined ? {} : { uid }),
    ...(host === undefined ? {} : { host }),
    path,
    ...(tls === undefined ? {} : { tls: routeTlsOf(tls, file) }),
    to,
  };
}

function backendOf(
  backend: Configuration['backends'][number],
  mode: Mode,
  timeouts: Timeouts,
  file: ToFile,
): Backend {
  const { ids } = serverIds(backend.servers, []);
  return {
    name: backend.name,
    mode,
    algorithm: backend.balance.algorithm,
    ...(backend.check ? { check: checkOf(backend.check) } : {}),
    timeouts: {
      connect: backend.timeouts.connect ?? timeouts.connect,
      server: backend.timeouts.server ?? timeouts.server,
      queue: backend.timeouts.queue ?? timeouts.queue,
      tunnel: backend.timeouts.tunnel ?? timeouts.tunnel,
    },
    retries: backend.retries,
    redispatch: backend.redispatch,
    ...(backend.cookie ? { cookie: backend.cookie } : {}),
    maxIdleConnections: backend.maxIdleConnections,
    ...(backend.tls ? { tls: backendTlsOf(backend.tls, file) } : {}),
    servers: backend.servers.map(
      ({ name, address, service, tlsPort, weight, maxConnections, backup, admin }, index) => ({
        name,
        id: ids[index]!,
        // One of the two is there: check-services.ts.
        address: service?.address ?? placed(address!, file),
        ...(service === undefined ? {} : { service: { pick: service.pick, endpoints: service.endpoints } }),
        ...(tlsPort === undefined ? {} : { tlsPort }),
        weight,
        maxConnections,
        backup,
        admin,
      }),
    ),
  };
}

function checkOf(check: Configuration['backends'][number]['check'] & {}): Check {
  const { http, interval, rise, fall, jitter, port, tls } = check;
  return {
    kind: http
      ? {
          type: 'http',
          method: http.method,
          path: http.path,
          ...(http.host === undefined ? {} : { host: http.host }),
          headers: Object.entries(http.headers),
          expect: http.expect,
        }
      : { type: 'tcp' },
    interval,
    fastInterval: check.fastInterval ?? interval,
    downInterval: check.downInterval ?? interval,
    timeout: check.timeout ?? interval,
    rise,
    fall,
    jitter,
    ...(port === undefined ? {} : { port }),
    ...(tls === undefined ? {} : { tls }),
  };
}

function placed(address: Address, file: ToFile): Address {
  return address.kind === 'unix' ? { kind: 'unix', path: file(address.path) } : address;
}
