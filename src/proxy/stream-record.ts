// What is known of a stream when it ends: the record that the access log prints and a tail streams.

import type { StreamRecord, StreamTimers } from '../domain/connection.ts';
import type { ClientTlsFacts } from '../domain/tls.ts';
import type { LiveConnection } from './live-connection.ts';

/** Unique over instances and restarts; `life` names one run of one instance process. */
export function connectionId(life: string, serial: number): string {
  return `${life}-${serial.toString(36)}`;
}

/** The life and serial of an id; undefined where it cannot be one of ours. */
export function splitConnectionId(id: string): { life: string; serial: number } | undefined {
  const match = /^([0-9a-z]{1,16})-([0-9a-z]{1,10})$/.exec(id);
  return match === null ? undefined : { life: match[1]!, serial: Number.parseInt(match[2]!, 36) };
}

/**
 * HAProxy's timers (2.6 manual, 8.4) of the newest stream, at `mono` where it has not ended.
 * All times are cut to whole milliseconds since the same moment before they are subtracted, so the parts never add up
 * to more than the whole.
 */
export function streamTimers(connection: LiveConnection, mono: number): StreamTimers {
  const tcp = connection.mode === 'tcp';
  const from = startedMono(connection);
  const end = since(connection.endMono < 0 ? mono : connection.endMono, from);
  const head = tcp ? 0 : since(connection.headMono, from);
  // Whoever gave up in the queue has spent the time there (HAProxy counts it the same way).
  const left = connection.queuedMono >= 0 && connection.endMono >= 0 ? end : -1;
  const assigned = connection.assignedMono < 0 ? left : since(connection.assignedMono, from);
  const connected = since(connection.connectedMono, from);
  // Letter H: an answer had begun, but a complete and valid head never came.
  const noHead = connection.termination?.[1] === 'H' && connection.endMono >= 0;
  const response = noHead ? -1 : since(connection.responseMono, from);
  return {
    TR: tcp ? -1 : head,
    Tw: between(assigned, head),
    Tc: between(connected, assigned),
    Tr: tcp ? -1 : between(response, connected),
    Ta: end,
  };
}

/** Of the stream: the accept (TCP), the request's first byte (HTTP). */
function startedMono({ mode, requestMono, acceptedMono }: LiveConnection): number {
  return mode === 'tcp' || requestMono < 0 ? acceptedMono : requestMono;
}

function since(time: number, from: number): number {
  return time < 0 ? -1 : Math.max(0, Math.floor(time - from));
}

function between(later: number, earlier: number): number {
  return later < 0 || earlier < 0 ? -1 : Math.max(0, later - earlier);
}

/**
 * How many were open when the stream ended: HAProxy's actconn, feconn, beconn and srv_conn. The first two include its
 * connection; the other two count streams, which it is not among any more.
 */
export type OpenCounts = StreamRecord['connections'];

/** Call once, at the end of a stream, before the connection's fields are used for the next one. */
export function streamRecord(
  connection: LiveConnection,
  life: string,
  counts: OpenCounts,
  mono: number,
): StreamRecord {
  const { mode, route, backend, server, method, host, path, version, status } = connection;
  const record: Writable<StreamRecord> = {
    connection: connectionId(life, connection.serial),
    mode,
    at: Math.floor(connection.acceptedAt + (startedMono(connection) - connection.acceptedMono)),
    client: connection.client,
    bind: connection.bind,
    instance: connection.instance,
    timers: streamTimers(connection, mono),
    bytesIn: connection.streamBytesIn,
    bytesOut: connection.streamBytesOut,
    termination: connection.termination ?? (mode === 'tcp' ? '--' : '----'),
    connections: counts,
    retries: connection.retries,
    redispatched: connection.redispatched,
    queue: [connection.serverQueuePlace, connection.backendQueuePlace],
  };
  // Added one by one: spreading what is known costs a microsecond a stream.
  if (route !== undefined) record.route = route;
  if (backend !== undefined) record.backend = backend;
  if (server !== undefined) record.server = server;
  if (status !== 0) record.status = status;
  if (method !== undefined) record.method = method;
  if (host !== undefined) record.host = host;
  if (path !== undefined) record.path = path;
  if (version !== undefined) record.version = version;
  if (connection.cause !== undefined) record.cause = connection.cause;
  if (connection.tls !== undefined) addTls(record, connection.tls);
  return record;
}

function addTls(record: Writable<StreamRecord>, tls: ClientTlsFacts): void {
  const { termination, sni, version, cipher = '', resumed = false } = tls;
  if (termination !== undefined) record.tls = termination;
  if (sni !== undefined) record.sni = sni;
  // What is passed through shook hands with its server.
  if (version !== undefined && termination !== 'passthrough') record.handshake = { version, cipher, resumed };
}

/** With us; `cause` says why. */
export function handshakeFailed({ handshakeMono, tls }: LiveConnection): boolean {
  return handshakeMono >= 0 && tls?.version === undefined;
}

type Writable<T> = { -readonly [Field in keyof T]: T[Field] };
