// One client connection on a bind of mode tcp, or passed through from one of mode tls: a server is chosen, connected to,
// and the two are joined by a tunnel.
//
//   queue → connect ⇄ pause (before the same server is tried again) → tunnel → over
//              └────► queue (another server)
// Every state may end at once: the client reset (C), a timeout (s), no server (S), killed (K).

import type { Socket } from 'node:net';
import { nextAttempt, retryPauseMs } from '../domain/retry.ts';
import { tlsAddress } from '../domain/server-tls.ts';
import type { Phase, Who } from '../domain/termination.ts';
import type { BackendRuntime } from './backend-runtime.ts';
import type { BindRuntime } from './bind-runtime.ts';
import type { LiveConnection } from './live-connection.ts';
import type { Plane } from './plane.ts';
import { type Refusal, Waiter, type WaiterOwner } from './queue.ts';
import { resetSocket } from './reset-socket.ts';
import type { ServerRuntime } from './server-runtime.ts';
import { openServerSocket, type ServerSocket } from './server-socket.ts';
import { Timer } from './timers.ts';
import { GreetingWatch, type Passage } from './tls/passage.ts';
import { startTunnel, type Tunnel, type TunnelEnd } from './tunnel.ts';

/** A `passage` brings its connection with it, begun by whoever read its ClientHello. */
export function serveTcp(socket: Socket, bind: BindRuntime, plane: Plane, passage?: Passage): void {
  new TcpSession(socket, bind, plane, passage).start();
}

type State =
  | { readonly at: 'queue' }
  | { readonly at: 'connect'; readonly server: ServerRuntime; readonly socket: ServerSocket }
  | { readonly at: 'pause'; readonly server: ServerRuntime }
  | { readonly at: 'tunnel'; readonly server: ServerRuntime; readonly tunnel: Tunnel | undefined }
  | { readonly at: 'over' };

class TcpSession implements WaiterOwner {
  readonly #client: Socket;
  readonly #bind: BindRuntime;
  readonly #plane: Plane;
  readonly #connection: LiveConnection;
  readonly #waiter: Waiter;
  readonly #timer: Timer;
  /** The plan's at the accept: a stream finishes under the plan it began with. */
  readonly #backend: BackendRuntime | undefined;
  readonly #passage: Passage | undefined;
  #greeting: GreetingWatch | undefined = undefined;
  #state: State = { at: 'queue' };
  #failures = 0;

  constructor(client: Socket, bind: BindRuntime, plane: Plane, passage: Passage | undefined) {
    this.#client = client;
    this.#bind = bind;
    this.#plane = plane;
    this.#passage = passage;
    this.#backend = passage === undefined ? bind.backend : passage.route.choose();
    const kill = () => this.#kill();
    // Nothing to retire: a TCP connection has no further request.
    const retire = () => {};
    this.#connection = passage?.live ?? plane.begin(client, bind, kill, retire);
    if (passage !== undefined) this.#takeOver(passage, kill, retire);
    this.#waiter = new Waiter(this, this.#connection.clientHost);
    this.#timer = new Timer(() => this.#timedOut());
  }

  #takeOver({ live, route }: Passage, kill: () => void, retire: () => void): void {
    live.kill = kill;
    live.retire = retire;
    live.phase = 'queue';
    this.#bind.traffic.tlsConnections += 1;
    route.traffic.open.passthrough += 1;
    route.traffic.total += 1;
  }

  start(): void {
    const connection = this.#connection;
    connection.requests = 1;
    this.#client.on('error', this.#clientLost);
    this.#client.on('close', this.#clientLost);
    if (this.#backend === undefined) {
      this.#end('S', 'C');
      return;
    }
    connection.backend = this.#backend.name;
    this.#waiter.begin(undefined);
    this.#acquire(this.#backend);
  }

  granted(server: ServerRuntime): void {
    this.#connect(server);
  }

  refused(why: Refusal): void {
    this.#countError(undefined);
    this.#end(why === 'timeout' ? 's' : 'S', why === 'timeout' ? 'Q' : 'C');
  }

  #acquire(backend: BackendRuntime): void {
    const connection = this.#connection;
    const found = backend.acquire(this.#waiter);
    if (found === 'none') this.refused('none');
    else if (found !== 'queued') this.#connect(found);
    else {
      this.#state = { at: 'queue' };
      connection.phase = 'queue';
      if (connection.queuedMono < 0) connection.queuedMono = this.#plane.timers.mono();
    }
  }

  #connect(server: ServerRuntime): void {
    const { timers } = this.#plane;
    const connection = this.#connection;
    const left = this.#waiter.avoid;
    if (left !== undefined && left !== server) {
      left.traffic.redispatches += 1;
      left.backend.traffic.redispatches += 1;
      connection.redispatched = true;
    }
    connection.phase = 'connect';
    connection.server = server.key;
    const passing = this.#passage !== undefined;
    connection.serverAddress = passing ? server.tlsAddress : server.address;
    connection.serverQueuePlace = this.#waiter.serverQueuePlace;
    connection.backendQueuePlace = this.#waiter.backendQueuePlace;
    if (connection.assignedMono < 0) connection.assignedMono = timers.mono();
    const socket = openServerSocket(passing ? tlsAddress(server.settings) : server.settings.address);
    connection.serverSocket = socket.socket;
    this.#state = { at: 'connect', server, socket };
    const begun = timers.mono();
    socket.socket.once('connect', () => this.#connected(server, socket, begun));
    socket.socket.on('error', (error) => this.#connectFailed(server, socket, failureOf(error)));
    timers.arm(this.#timer, server.backend.settings.timeouts.connect);
  }

  #connected(server: ServerRuntime, socket: ServerSocket, begun: number): void {
    const { timers } = this.#plane;
    const connection = this.#connection;
    timers.cancel(this.#timer);
    this.#client.off('error', this.#clientLost);
    this.#client.off('close', this.#clientLost);
    const now = timers.mono();
    connection.connectedMono = now;
    connection.phase = 'tunnel';
    const took = (now - begun) * 1_000;
    server.latency.record(took);
    server.backend.latency.record(took);
    this.#state = { at: 'tunnel', server, tunnel: undefined };
    const passage = this.#passage;
    if (passage !== undefined) this.#greeting = new GreetingWatch(passage, server);
    const tunnel = startTunnel({
      client: this.#client,
      server: socket,
      connection,
      bind: this.#bind,
      backend: server.backend,
      serverRuntime: server,
      timers,
      fromClient: passage?.hello,
      routeTraffic: passage?.route.traffic,
      greeting: this.#greeting,
      ended: (end) => this.#tunnelEnded(end),
    });
    if (this.#state.at === 'tunnel') this.#state = { at: 'tunnel', server, tunnel };
  }

  #connectFailed(server: ServerRuntime, socket: ServerSocket, failure: ConnectFailure): void {
    if (this.#state.at !== 'connect' || this.#state.socket !== socket) return;
    const { timers } = this.#plane;
    const { backend } = server;
    const connection = this.#connection;
    const timedOut = failure.who === 's';
    timers.cancel(this.#timer);
    this.#failures += 1;
    this.#countError(server);
    connection.steps ??= [];
    connection.steps.push({
      what: 'retry',
      atMs: timers.mono() - connection.acceptedMono,
      text: `${server.key}: ${failure.reason}`,
    });
    const next = nextAttempt(backend.settings, this.#failures, server.takesCookie);
    if (next === 'give-up') {
      this.#end(failure.who, 'C');
      return;
    }
    connection.retries += 1;
    server.traffic.retries += 1;
    backend.traffic.retries += 1;
    if (next === 'other') this.#redispatch(server);
    else if (timedOut) this.#connect(server);
    else {
      this.#state = { at: 'pause', server };
      timers.arm(this.#timer, retryPauseMs(backend.settings.timeouts.connect));
    }
  }

  #redispatch(server: ServerRuntime): void {
    this.#waiter.avoid = server;
    this.#state = { at: 'queue' };
    server.release();
    this.#acquire(server.backend);
  }

  #countError(server: ServerRuntime | undefined): void {
    if (server !== undefined) server.traffic.connectErrors += 1;
    if (this.#backend !== undefined) this.#backend.traffic.connectErrors += 1;
    if (this.#passage !== undefined) this.#passage.route.traffic.connectErrors += 1;
  }

  #timedOut(): void {
    const state = this.#state;
    if (state.at === 'connect') {
      const { server, socket } = state;
      this.#connectFailed(server, socket, connectTimeout);
      socket.socket.destroy();
    } else if (state.at === 'pause') {
      // Its place is still held; the checks may have found out meanwhile what the failure meant.
      const { server } = state;
      if (server.takesCookie || !server.backend.settings.redispatch) this.#connect(server);
      else this.#redispatch(server);
    }
  }

  readonly #clientLost = (): void => {
    if (this.#state.at === 'over') return;
    this.#noteReset('client');
    for (const traffic of [this.#bind.traffic, this.#backend?.traffic, this.#passage?.route.traffic]) {
      if (traffic !== undefined) traffic.clientAborts += 1;
    }
    this.#end('C', this.#state.at === 'queue' ? 'Q' : 'C');
  };

  #kill(): void {
    if (this.#state.at === 'tunnel') this.#state.tunnel?.kill();
    else this.#end('K', this.#state.at === 'queue' ? 'Q' : 'C');
  }

  #tunnelEnded(end: TunnelEnd): void {
    if (end !== 'K') this.#greeting?.ended(lostBeforeGreeting(this.#connection), this.#plane.timers.mono());
    this.#end(end, end === '-' ? '-' : 'D');
  }

  /** The one way out: every counter, queue place and socket is given back here, once. */
  #end(who: Who, phase: Phase): void {
    const state = this.#state;
    if (state.at === 'over') return;
    this.#state = { at: 'over' };
    const { timers } = this.#plane;
    const connection = this.#connection;
    timers.cancel(this.#timer);
    if (state.at === 'queue') this.#backend?.cancel(this.#waiter);
    if (state.at !== 'tunnel') this.#noteReset('sluice');
    connection.endMono = timers.mono();
    connection.termination = `${who}${phase}`;
    const server = 'server' in state ? state.server : undefined;
    if (server === undefined) connection.server = undefined;
    this.#plane.streamEnded(connection, this.#backend, server);
    if (state.at !== 'tunnel') {
      resetSocket(this.#client);
      if (state.at === 'connect') state.socket.socket.destroy();
    }
    server?.release();
    if (this.#passage !== undefined) {
      this.#bind.traffic.tlsConnections -= 1;
      this.#passage.route.traffic.open.passthrough -= 1;
    }
    this.#plane.end(connection, this.#bind);
  }

  /** The first one: what follows it is its echo. */
  #noteReset(by: 'client' | 'sluice'): void {
    const connection = this.#connection;
    if (connection.resetMono !== -1) return;
    connection.resetMono = this.#plane.timers.mono();
    connection.resetBy = by;
  }
}

/** Why there was no ServerHello, by who was the first to leave. */
function lostBeforeGreeting({ clientFinMono, serverFinMono, resetBy }: LiveConnection): string {
  const left = (who: string, how: string) => `the ${who} ${how} the connection before the ServerHello`;
  if (clientFinMono !== -1 && (serverFinMono === -1 || clientFinMono <= serverFinMono))
    return left('client', 'ended');
  if (serverFinMono !== -1) return left('server', 'ended');
  if (resetBy === 'sluice') return 'no ServerHello came within the tunnel timeout';
  return left(resetBy ?? 'client', 'reset');
}

interface ConnectFailure {
  /** The server's refusal, its silence, or a resource that we ourselves lack. */
  readonly who: 'S' | 's' | 'R';
  readonly reason: string;
}

const connectTimeout: ConnectFailure = { who: 's', reason: 'no connection within the connect timeout' };

/** Files, local ports, memory: no fault of the server's. */
const ownLimits = new Set<unknown>(['EMFILE', 'ENFILE', 'EADDRNOTAVAIL', 'EAGAIN', 'ENOBUFS', 'ENOMEM']);

function failureOf(error: NodeJS.ErrnoException): ConnectFailure {
  if (error.code === 'ECONNREFUSED') return { who: 'S', reason: 'connection refused' };
  return { who: ownLimits.has(error.code) ? 'R' : 'S', reason: error.message };
}
