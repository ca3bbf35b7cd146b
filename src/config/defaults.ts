// Every default of sluice.yaml, in one place, as an operator would write it. HAProxy's own default where it has one;
// where ours differs, the reason stands beside it.

import { defaultTableSize } from '../domain/maglev.ts';

export const defaults = {
  runtimeName: 'sluice',
  /** HAProxy `hard-stop-after` has none; a stop that never ends is worse than a cut tunnel. */
  grace: '30s',
  accessLogFormat: 'haproxy',
  nftAtExit: 'remove',
  instances: 1,
  /** OpenShift's is WildcardsDisallowed; here whoever writes a wildcard into the configuration means it. */
  wildcardPolicy: 'WildcardsAllowed',
  namespaceOwnership: 'Strict',
  steering: 'handoff',
  ipv6Prefix: 128,
  tableSize: defaultTableSize,
  namespace: 'default',

  // HAProxy leaves timeouts unset, warns, and then waits for ever; ours are its manual's usual advice.
  connect: '1s',
  client: '30s',
  server: '30s',
  request: '5s',
  keepAlive: '60s',
  queue: '5s',
  tunnel: '1h',

  /** HAProxy derives it from the limit of open files. */
  maxConnections: 20_000,
  /** HAProxy `tune.bufsize`. */
  maxHeadBytes: '16k',
  maxBodyBytes: '0',
  /** What a client says about itself is not believed: an edge proxy is the first one that can be trusted. */
  forwardedHeaders: 'replace',

  /** Older versions are broken (RFC 8996); most clients still in use speak this one. */
  minVersion: 'TLSv1.2',
  /** OpenShift's router creates an HTTP entry only where Allow is written. */
  insecureEdgeTerminationPolicy: 'None',
  /** HAProxy's `ssl` verifies by default too. */
  verify: 'required',

  routePath: '/',
  /** OpenShift's weight of a route's backend. */
  routeWeight: 100,

  algorithm: 'roundrobin',
  retries: 3,
  /** Off in HAProxy, on in OpenShift's router: with it, a server that dies costs no client an error. */
  redispatch: true,
  maxIdleConnections: 1_000,
  /** HAProxy's weight of a server. */
  serverWeight: 1,
  serverMaxConnections: 0,
  serverAdmin: 'ready',
  servicePick: 'random',
  endpointWeight: 1,
  path: 'relay',
  kernelPathFallback: 'relay',

  checkInterval: '2s',
  rise: 2,
  fall: 3,
  /** HAProxy `spread-checks` is 0; in step, all checks of a large plan would come at once. */
  jitter: 0.1,
  /** HAProxy asks OPTIONS, which many applications refuse. */
  checkMethod: 'GET',
  checkPath: '/',
  /** HAProxy takes 2xx and 3xx for healthy. */
  checkExpect: '200-399',
} as const;
