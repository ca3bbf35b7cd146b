// One client connection as the data plane sees it: plain fields that the hot path writes and nobody else does.
// Rows, details and log records are made from it only when somebody looks.

import type { Socket } from 'node:net';
import type { ConnectionPhase, ConnectionStep } from '../domain/connection.ts';
import type { Mode, ServerKey } from '../domain/plan.ts';
import type { TerminationState } from '../domain/termination.ts';
import type { ClientTlsFacts, ServerTlsFacts } from '../domain/tls.ts';
import type { LedgerClient } from './client-ledger.ts';

export class LiveConnection {
  readonly serial: number;
  readonly client: string;
  readonly bind: string;
  /** On a bind of mode tls `tcp` until it is known what is relayed. */
  mode: Mode;
  /** Wall clock and monotonic clock of the accept, milliseconds. Every other time here is monotonic. */
  readonly acceptedAt: number;
  readonly acceptedMono: number;
  /** Ends the connection at once, with K as the termination's first letter. */
  kill: () => void;
  /** Takes no further request: closes now when idle, else after the stream under way. */
  retire: () => void = () => {};
  /** The client's address without port; "" on a unix socket. */
  clientHost = '';
  /** "default/2": whose connection it is. */
  instance = '';
  /** Its client's entry, while it is open. */
  ledger: LedgerClient | undefined = undefined;

  phase: ConnectionPhase;
  /** Of a connection on a bind of mode tls, once its ClientHello was read: a new object when more is known. */
  tls: ClientTlsFacts | undefined = undefined;
  /** ClientHello read; handshake with us complete, or failed (then `cause` says why). -1: not yet. */
  helloMono = -1;
  handshakeMono = -1;
  /** The route that its SNI named at the handshake, by which `tls.termination` was decided; `route` is the newest stream's. */
  tlsRoute: string | undefined = undefined;
  route: string | undefined = undefined;
  backend: string | undefined = undefined;
  server: ServerKey | undefined = undefined;
  serverAddress: string | undefined = undefined;
  /** Asked for its own address alone, and only when somebody looks; let go of at the end. */
  serverSocket: Pick<Socket, 'localAddress' | 'localPort'> | undefined = undefined;
  /** The cookie of the newest request named this server: the connection may send another request to it. */
  stickyTo: ServerKey | undefined = undefined;
  lastByteMono: number;
  bytesIn = 0;
  bytesOut = 0;
  requests = 0;

  // The newest stream. Times are -1 until the phase was finished.
  method: string | undefined = undefined;
  host: string | undefined = undefined;
  path: string | undefined = undefined;
  version: string | undefined = undefined;
  status = 0;
  requestMono = -1;
  headMono = -1;
  queuedMono = -1;
  assignedMono = -1;
  connectedMono = -1;
  responseMono = -1;
  endMono = -1;
  reusedServerConnection = false;
  /** Of the server connection that carries the newest stream, where that is over TLS; and when its handshake was complete. */
  serverTls: ServerTlsFacts | undefined = undefined;
  serverHandshakeMono = -1;
  /** passthrough: the ServerHello went by. */
  serverHelloMono = -1;
  /** First FIN of each side, and the first RST and whose it was. */
  clientFinMono = -1;
  serverFinMono = -1;
  ownFinMono = -1;
  resetMono = -1;
  resetBy: 'client' | 'sluice' | 'server' | undefined = undefined;
  /** Why it came to nothing, where the letters do not tell. Raw. */
  cause: string | undefined = undefined;
  streamBytesIn = 0;
  streamBytesOut = 0;
  retries = 0;
  redispatched = false;
  serverQueuePlace = 0;
  backendQueuePlace = 0;
  termination: TerminationState | undefined = undefined;
  /** Only what the times above do not already tell: retries, upgrades, who ended it. */
  steps: ConnectionStep[] | undefined = undefined;

  // Owned by the connection table: rate between two refreshes, and when the row may go.
  rateBytes = 0;
  rateMono = 0;
  rate = 0;
  endedMono = 0;

  constructor(
    serial: number,
    client: string,
    bind: string,
    mode: Mode,
    wall: number,
    mono: number,
    kill: () => void,
  ) {
    this.serial = serial;
    this.client = client;
    this.bind = bind;
    this.mode = mode;
    this.acceptedAt = wall;
    this.acceptedMono = mono;
    this.lastByteMono = mono;
    this.rateMono = mono;
    this.phase = mode === 'tcp' ? 'queue' : 'head';
    this.kill = kill;
  }
}
