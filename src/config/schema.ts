// The shape of sluice.yaml: the one place from which reading, the errors' suggestions and the JSON Schema are made.
// What concerns two places at once (references, uniqueness) is in references.ts.

import * as z from 'zod';
import { parseListen, parseServerAddress } from './addresses.ts';
import { defaults } from './defaults.ts';
import { labels, namespace, namespaceName } from './label-schema.ts';
import { moment } from './moment.ts';
import { runtime } from './runtime-schema.ts';
import { service } from './service-schema.ts';
import { shardKeys } from './shard-schema.ts';
import { parseStatusRanges } from './status-ranges.ts';
import { backendTls, certificate, clientTls, routeTls, tlsVersion } from './tls-schema.ts';
import {
  choice,
  duration,
  flag,
  leaf,
  line,
  name,
  parseHost,
  parsePath,
  parseToken,
  parseUid,
  share,
  size,
  text,
  tokenPattern,
  wholeNumber,
} from './values.ts';

const timeout = {
  connect: duration('To a server: until the TCP connection is established'),
  client: duration('A client silent while it should send or read'),
  server: duration('A server silent while it should send or read'),
  request: duration("From a request's first byte to the end of its head"),
  keepAlive: duration('A client connection idle between two requests'),
  queue: duration('Waiting for a free place on a server'),
  tunnel: duration('A TCP or upgraded connection silent in both directions'),
};

const timeouts = z
  .strictObject({
    connect: timeout.connect.prefault(defaults.connect),
    client: timeout.client.prefault(defaults.client),
    server: timeout.server.prefault(defaults.server),
    request: timeout.request.prefault(defaults.request),
    keepAlive: timeout.keepAlive.prefault(defaults.keepAlive),
    queue: timeout.queue.prefault(defaults.queue),
    tunnel: timeout.tunnel.prefault(defaults.tunnel),
  })
  .meta({ description: 'For every bind and backend that has none of its own' });

const noMode = { message: 'is none of http, tcp, tls', remedy: 'did you mean tls?' };
const bind = z
  .strictObject({
    listen: text(parseListen, ':PORT (every address), IP:PORT, [IPv6]:PORT or unix:PATH', [
      ':80',
      '[::1]:8080',
    ]),
    name: name('How logs and screens call it; the address if missing').optional(),
    mode: choice(
      ['http', 'tcp', 'tls'],
      'What is spoken here; tls reads the ClientHello and decides for each route',
      { https: noMode, ssl: noMode },
    ),
    minVersion: tlsVersion,
    clientTLS: clientTls.optional(),
    backend: name('mode tcp: where every connection goes').optional(),
    path: choice(
      ['relay', 'kernel'],
      'mode tcp: relayed by an instance, or sent on by the kernel through nftables',
    ).prefault(defaults.path),
    masquerade: flag(
      'path kernel: servers see the address of this machine, for those whose way back leads elsewhere',
    ).optional(),
    fallback: choice(
      ['relay', 'none'],
      'path kernel: what happens while the kernel cannot; none refuses clients',
    ).optional(),
    defaultBackend: name('mode http and tls: where no route matches').optional(),
    maxConnections: wholeNumber(
      1,
      1_000_000,
      'Client connections at once; one more is closed and counted',
    ).prefault(defaults.maxConnections),
    timeouts: z
      .strictObject({
        client: timeout.client.optional(),
        request: timeout.request.optional(),
        keepAlive: timeout.keepAlive.optional(),
      })
      .prefault({}),
    maxHeadBytes: size(1024 ** 2, "Limit of a request's head").prefault(defaults.maxHeadBytes),
    maxBodyBytes: size(Number.MAX_SAFE_INTEGER, "Limit of a request's body; 0 for none").prefault(
      defaults.maxBodyBytes,
    ),
    forwardedHeaders: choice(
      ['append', 'replace', 'never'],
      'X-Forwarded-For, -Proto, -Host, -Port: add to what the client sent, replace it, or leave them alone',
    ).prefault(defaults.forwardedHeaders),
  })
  .meta({ description: 'A listening address' });

const shard = z
  .strictObject({ ...shardKeys, binds: z.array(bind).min(1) })
  .meta({ description: 'An ingress controller: its own binds, and the routes that it selects' });

const route = z
  .strictObject({
    name: name('Of the route'),
    namespace: namespaceName('Whose it is').prefault(defaults.namespace),
    labels: labels.prefault({}).meta({ description: 'What the routeSelector of a shard goes by' }),
    created: moment(
      'When; of two routes for one host the older wins, and one without is older than any',
    ).optional(),
    uid: text(parseUid, 'Decides between two routes of one second').optional(),
    host: text(parseHost, 'Host that it serves, or *.DOMAIN; every host if missing').optional(),
    path: text((value) => parsePath(value, false), 'Path and everything under it').prefault(
      defaults.routePath,
    ),
    tls: routeTls.optional(),
    to: z
      .array(
        z.strictObject({
          backend: name('Where requests go'),
          weight: wholeNumber(0, 256, 'Share of the requests').prefault(defaults.routeWeight),
        }),
      )
      .min(1),
  })
  .meta({ description: 'Host and path → weighted backends' });

const httpCheck = z
  .strictObject({
    method: text(parseToken, 'HTTP method').prefault(defaults.checkMethod),
    path: text((value) => parsePath(value, true), 'What is asked for').prefault(defaults.checkPath),
    host: line("Host header; the server's address if missing").optional(),
    headers: z
      .record(z.string().regex(tokenPattern), line('Value of the header'))
      .prefault({})
      .meta({ description: 'Further headers' }),
    expect: leaf(
      parseStatusRanges,
      { type: ['string', 'integer', 'array'], examples: [200, '200-399', ['2xx', 404]] },
      'Status codes of a healthy server: 200, 200-399, 2xx or a list',
    ).prefault(defaults.checkExpect),
  })
  .meta({ description: 'Ask over HTTP' });

const check = z
  .strictObject({
    http: httpCheck.optional(),
    tcp: z.strictObject({}).optional().meta({ description: 'A TCP connection is enough; so without http' }),
    interval: duration('From one check to the next').prefault(defaults.checkInterval),
    fastInterval: duration('While the state is about to change; as interval if missing').optional(),
    downInterval: duration('While down; as interval if missing').optional(),
    timeout: duration('Until an answer must be there; as interval if missing').optional(),
    rise: wholeNumber(1, 100, 'Successes in a row to go up').prefault(defaults.rise),
    fall: wholeNumber(1, 100, 'Failures in a row to go down').prefault(defaults.fall),
    jitter: share(0.5, 'Share by which each interval varies').prefault(defaults.jitter),
    port: wholeNumber(1, 65_535, "Another port than the traffic's").optional(),
    tls: flag('Over TLS; as the routes that use the backend if missing').optional(),
  })
  .meta({ description: 'Health check; servers are not checked without it' });

const server = z
  .strictObject({
    name: name('Of the server'),
    id: wholeNumber(
      1,
      2 ** 31 - 1,
      'Stable number for balance source; made from the name if missing',
    ).optional(),
    address: text(parseServerAddress, 'IP:PORT, [IPv6]:PORT or unix:PATH', ['10.0.0.11:8080']).optional(),
    service: service.optional(),
    tlsPort: wholeNumber(
      1,
      65_535,
      "Where it speaks TLS, for passthrough and reencrypt; the address's port if missing",
    ).optional(),
    weight: wholeNumber(0, 256, 'Share of the load; 0 takes no new clients').prefault(defaults.serverWeight),
    maxConnections: wholeNumber(
      0,
      1_000_000,
      'Streams at once, 0 for no limit; more wait in the queue',
    ).prefault(defaults.serverMaxConnections),
    backup: flag('Used only when no other server is usable').prefault(false),
    admin: choice(['ready', 'drain', 'maint'], 'Where it stands while no operator says otherwise').prefault(
      defaults.serverAdmin,
    ),
  })
  .meta({ description: 'An endpoint' });

const backend = z
  .strictObject({
    name: name('Of the backend'),
    mode: choice(['http', 'tcp'], 'As what uses it, if missing').optional(),
    balance: z
      .strictObject({
        algorithm: choice(['roundrobin', 'leastconn', 'random', 'source'], 'How a server is chosen').prefault(
          defaults.algorithm,
        ),
      })
      .prefault({}),
    check: check.optional(),
    timeouts: z
      .strictObject({
        connect: timeout.connect.optional(),
        server: timeout.server.optional(),
        queue: timeout.queue.optional(),
        tunnel: timeout.tunnel.optional(),
      })
      .prefault({}),
    retries: wholeNumber(0, 100, 'Further attempts to connect after the first').prefault(defaults.retries),
    redispatch: flag('The last attempt may go to another server').prefault(defaults.redispatch),
    cookie: z
      .strictObject({ name: text(parseToken, 'Name of the cookie') })
      .optional()
      .meta({ description: 'Keeps a client on its server by a cookie that is inserted' }),
    maxIdleConnections: wholeNumber(0, 100_000, 'Idle connections kept to each server').prefault(
      defaults.maxIdleConnections,
    ),
    tls: backendTls.optional(),
    servers: z.array(server),
  })
  .meta({ description: 'A named pool of servers' });

export const configurationSchema = z
  .strictObject({
    runtime: runtime.prefault({}),
    timeouts: timeouts.prefault({}),
    certificates: z
      .array(certificate)
      .prefault([])
      .meta({ description: 'For clients, chosen by the name they ask for; the first one is the default' }),
    namespaces: z
      .array(namespace)
      .prefault([])
      .meta({ description: 'Namespaces with labels; others need not be named' }),
    shards: z.array(shard).min(1),
    routes: z.array(route).prefault([]),
    backends: z.array(backend).prefault([]),
  })
  .meta({ title: 'sluice.yaml', description: 'Configuration of Sluice' });

export type Configuration = z.output<typeof configurationSchema>;

/** JSON Schema 2020-12, for completion and checking in editors. */
export function configSchema(): object {
  return z.toJSONSchema(configurationSchema, {
    io: 'input',
    target: 'draft-2020-12',
    override({ zodSchema, jsonSchema }) {
      const meta = z.globalRegistry.get(zodSchema as unknown as z.ZodType);
      // Zod leaves out the examples of what it transforms; ours are of what is written.
      if (meta?.examples) jsonSchema.examples = meta.examples as (typeof jsonSchema.examples & {})[number][];
      // One value or a list of them: the list's own keywords would refuse the one.
      if (jsonSchema.anyOf) {
        delete jsonSchema.type;
        delete jsonSchema.items;
        delete jsonSchema.minItems;
      }
    },
  });
}
