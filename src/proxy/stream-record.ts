// What is known of a stream when it ends: the record that the access log prints and a tail streams.

import type { StreamRecord, StreamTimers } from '../domain/connection.ts';
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
  const from = tcp || connection.requestMono < 0 ? connection.acceptedMono : connection.requestMono;
  const since = (time: number) => (time < 0 ? -1 : Math.max(0, Math.floor(time - from)));
  const end = since(connection.endMono < 0 ? mono : connection.endMono);
  const head = tcp ? 0 : since(connection.headMono);
  // Whoever gave up in the queue has spent the time there (HAProxy counts it the same way).
  const left = connection.queuedMono >= 0 && connection.endMono >= 0 ? end : -1;
  const assigned = connection.assignedMono < 0 ? left : since(connection.assignedMono);
  const connected = since(connection.connectedMono);
  // Letter H: an answer had begun, but a complete and valid head never came.
  const noHead = connection.termination?.[1] === 'H' && connection.endMono >= 0;
  const response = noHead ? -1 : since(connection.responseMono);
  const between = (later: number, earlier: number) =>
    later < 0 || earlier < 0 ? -1 : Math.max(0, later - earlier);
  return {
    TR: tcp ? -1 : head,
    Tw: between(assigned, head),
    Tc: between(connected, assigned),
    Tr: tcp ? -1 : between(response, connected),
    Ta: end,
  };
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
  const startedMono =
    mode === 'tcp' || connection.requestMono < 0 ? connection.acceptedMono : connection.requestMono;
  return {
    connection: connectionId(life, connection.serial),
    mode,
    at: Math.floor(connection.acceptedAt + (startedMono - connection.acceptedMono)),
    client: connection.client,
    bind: connection.bind,
    ...(route === undefined ? {} : { route }),
    ...(backend === undefined ? {} : { backend }),
    ...(server === undefined ? {} : { server }),
    timers: streamTimers(connection, mono),
    ...(status === 0 ? {} : { status }),
    bytesIn: connection.streamBytesIn,
    bytesOut: connection.streamBytesOut,
    termination: connection.termination ?? (mode === 'tcp' ? '--' : '----'),
    connections: counts,
    retries: connection.retries,
    redispatched: connection.redispatched,
    queue: [connection.serverQueuePlace, connection.backendQueuePlace],
    ...(method === undefined ? {} : { method }),
    ...(host === undefined ? {} : { host }),
    ...(path === undefined ? {} : { path }),
    ...(version === undefined ? {} : { version }),
  };
}
