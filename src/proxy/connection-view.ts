// One live connection as others see it: a row, a detail (its ladder is in connection-steps.ts), and a reusable row
// (a flyweight) for filtering and ordering thousands of connections without making anything.

import { hostPort, plainHost } from '../domain/address-text.ts';
import type { ConnectionDetail, ConnectionRow } from '../domain/connection.ts';
import { stepsOf } from './connection-steps.ts';
import type { LiveConnection } from './live-connection.ts';
import { connectionId, streamTimers } from './stream-record.ts';

/** A rate is taken over at least this long, so that two onlookers do not disturb each other. */
const rateWindowMs = 400;
/** Not looked at for this long: the bytes since then say nothing about now, unless they still flow. */
const rateStaleMs = 2_000;

/** Bytes per second since the look before this one; over the whole life at the first look. */
function rateOf(connection: LiveConnection, mono: number): number {
  const elapsed = mono - connection.rateMono;
  if (elapsed < rateWindowMs) return connection.rate;
  const bytes = connection.bytesIn + connection.bytesOut;
  connection.rate =
    mono - connection.lastByteMono > rateStaleMs
      ? 0
      : Math.round(((bytes - connection.rateBytes) * 1_000) / elapsed);
  connection.rateBytes = bytes;
  connection.rateMono = mono;
  return connection.rate;
}

/** Looks like a row, and shows whichever connection it was last pointed at. */
export class RowFlyweight {
  readonly #life: string;
  connection!: LiveConnection;
  mono = 0;

  constructor(life: string) {
    this.#life = life;
  }

  /** The same object each time: whoever keeps it sees it change. */
  at(connection: LiveConnection, mono: number): ConnectionRow {
    this.connection = connection;
    this.mono = connection.phase === 'ended' ? connection.endedMono : mono;
    // Its optional fields are present but undefined, which a row's type does not allow and its readers do not notice.
    return this as unknown as ConnectionRow;
  }

  get id() {
    return connectionId(this.#life, this.connection.serial);
  }
  get client() {
    return this.connection.client;
  }
  get bind() {
    return this.connection.bind;
  }
  get instance() {
    return this.connection.instance;
  }
  get mode() {
    return this.connection.mode;
  }
  get route() {
    return this.connection.route;
  }
  get backend() {
    return this.connection.backend;
  }
  get server() {
    return this.connection.server;
  }
  get tls() {
    return this.connection.tls?.termination;
  }
  get sni() {
    return this.connection.tls?.sni;
  }
  get tlsVersion() {
    return this.connection.tls?.version;
  }
  get cipher() {
    return this.connection.tls?.cipher;
  }
  get resumed() {
    return this.connection.tls?.resumed;
  }
  get cause() {
    return this.connection.cause;
  }
  get phase() {
    return this.connection.phase;
  }
  get ageMs() {
    return Math.max(0, this.mono - this.connection.acceptedMono);
  }
  get idleMs() {
    return Math.max(0, this.mono - this.connection.lastByteMono);
  }
  get bytesIn() {
    return this.connection.bytesIn;
  }
  get bytesOut() {
    return this.connection.bytesOut;
  }
  get rate() {
    return this.connection.phase === 'ended' ? 0 : rateOf(this.connection, this.mono);
  }
  get requests() {
    return this.connection.mode === 'tcp' ? 1 : this.connection.requests;
  }
  get method() {
    return this.connection.method;
  }
  get host() {
    return this.connection.host;
  }
  get path() {
    return this.connection.path;
  }
  get status() {
    return this.connection.status === 0 ? undefined : this.connection.status;
  }
  get termination() {
    // The state of a stream that ended stays in the fields until the next one ends; while one runs it is not shown.
    return this.connection.endMono < 0 ? undefined : this.connection.termination;
  }
  /** How long the newest stream took, once it has ended: what `total` means in a filter. */
  get total() {
    return this.connection.endMono < 0 ? undefined : streamTimers(this.connection, this.mono).Ta;
  }
}

export function connectionRow(connection: LiveConnection, life: string, mono: number): ConnectionRow {
  const { route, backend, server, tls, method, host, path } = connection;
  const row = new RowFlyweight(life).at(connection, mono);
  const { status, termination } = row;
  return {
    id: row.id,
    client: connection.client,
    bind: connection.bind,
    instance: connection.instance,
    mode: connection.mode,
    ...(route === undefined ? {} : { route }),
    ...(backend === undefined ? {} : { backend }),
    ...(server === undefined ? {} : { server }),
    ...(tls?.termination === undefined ? {} : { tls: tls.termination }),
    ...(tls?.sni === undefined ? {} : { sni: tls.sni }),
    phase: connection.phase,
    ageMs: Math.round(row.ageMs),
    idleMs: Math.round(row.idleMs),
    bytesIn: connection.bytesIn,
    bytesOut: connection.bytesOut,
    rate: row.rate,
    requests: row.requests,
    ...(method === undefined ? {} : { method }),
    ...(host === undefined ? {} : { host }),
    ...(path === undefined ? {} : { path }),
    ...(status === undefined ? {} : { status }),
    ...(termination === undefined ? {} : { termination }),
  };
}

export function connectionDetail(connection: LiveConnection, life: string, mono: number): ConnectionDetail {
  const { serverAddress, tls, serverTls } = connection;
  return {
    ...connectionRow(connection, life, mono),
    acceptedAt: connection.acceptedAt,
    ...(serverAddress === undefined ? {} : { serverAddress }),
    ...localOf(connection),
    ...(tls === undefined ? {} : { clientTls: tls }),
    ...(serverTls === undefined
      ? {}
      : { serverTls: { ...serverTls, handshakeMs: Math.round(serverTls.handshakeMs) } }),
    steps: stepsOf(connection),
    timers: streamTimers(connection, connection.phase === 'ended' ? connection.endedMono : mono),
  };
}

/** Nothing once it is closed, and nothing of a unix socket. */
function localOf({ serverSocket }: LiveConnection): { localAddress?: string } {
  const { localAddress, localPort } = serverSocket ?? {};
  return localAddress === undefined || localPort === undefined
    ? {}
    : { localAddress: hostPort(plainHost(localAddress), localPort) };
}
