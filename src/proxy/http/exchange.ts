// One request on its way to a server and back: a place on a server, a connection to it, sending, the answer; and what
// may be tried again. Serves a client session's requests one after another.
//
//   idle → queued → connecting ⇄ pausing (before another attempt)
//            │          └──► sent (until the answer's first octet) → answering → idle
//            └──(a pooled connection)──►┘
// Over TLS `connecting` lasts until the handshake is complete and the certificate is as it must be.

import { handshakeFailure, isLateRefusal } from '../../domain/handshake-failure.ts';
import { nextAttempt, retryPauseMs } from '../../domain/retry.ts';
import type { Who } from '../../domain/termination.ts';
import type { BackendRuntime } from '../backend-runtime.ts';
import type { BindRuntime, RouteRuntime } from '../bind-runtime.ts';
import type { LiveConnection } from '../live-connection.ts';
import { type Refusal, Waiter, type WaiterOwner } from '../queue.ts';
import type { ServerRuntime } from '../server-runtime.ts';
import { Timer, type Timers } from '../timers.ts';
import type { ServerProfile } from '../tls/server-profiles.ts';
import { AnswerBuffers } from './answer-buffers.ts';
import { sendFirst } from './request-sending.ts';
import { type AnswerClient, type RelayProgress, ResponseRelay } from './response-relay.ts';
import type { ServerConnection, ServerConnectionUser } from './server-connection.ts';
import {
  noteHandshake,
  noteHandshakeFailure,
  reasonOf,
  showCarrier,
  whyHandshakeFailed,
} from './server-handshake.ts';
import { openConnection, poolOf } from './server-pool.ts';
import type { Stickiness } from './stickiness.ts';
import { noteRetry } from './stream-fields.ts';

export interface ExchangeClient extends AnswerClient {
  readonly live: LiveConnection;
  readonly bind: BindRuntime;
  readonly timers: Timers;
  /** Of the present request: handshakes with servers that fail are counted on it. */
  readonly route: RouteRuntime | undefined;
  /** The whole request was read from the client. */
  readonly requestDone: boolean;
  /** The client has not taken all that was written to it. */
  readonly pending: boolean;
  /** The head as this server is to get it. */
  requestHead(server: ServerRuntime): string;
  /** The server takes more of the request's body. */
  resumeRequest(): void;
  /** The stream ended as it should, at `now` (monotonic). */
  answered(now: number): void;
  /** No answer began: the client is told why. */
  failed(status: number, cause: string, who: Who, phase: 'Q' | 'C' | 'H'): void;
  /** The answer broke off: the client must not take it for complete. */
  broken(who: Who): void;
  /** 101: the tunnel takes both sockets over. */
  switched(connection: ServerConnection, rest: Buffer | undefined): void;
}

type ExchangeState = 'idle' | 'queued' | 'connecting' | 'pausing' | 'sent' | 'answering';

export class Exchange implements WaiterOwner, ServerConnectionUser {
  state: ExchangeState = 'idle';
  backend: BackendRuntime | undefined = undefined;
  server: ServerRuntime | undefined = undefined;
  readonly relay: ResponseRelay;
  readonly #client: ExchangeClient;
  readonly #buffers: AnswerBuffers;
  readonly #waiter: Waiter;
  /** Connect, pause, and server timeouts: which one follows from the state. */
  readonly #timer: Timer;
  #connection: ServerConnection | undefined = undefined;
  #tls: ServerProfile | undefined = undefined;
  /** Body octets read before the server could be sent them. */
  #held: (string | Buffer)[] = [];
  #failures = 0;
  #sentMono = 0;
  /** A write to the server has not gone out. */
  #blocked = false;
  /** The client takes no more of the answer, so the server is not read. */
  #clientFull = false;
  /** Of the present request, where the backend has a cookie. */
  stickiness: Stickiness | undefined = undefined;

  /** `secure`: the client is spoken to over TLS. */
  constructor(client: ExchangeClient, clientHost: string, secure: boolean) {
    this.#client = client;
    this.relay = new ResponseRelay(client);
    this.#buffers = new AnswerBuffers(secure);
    this.#waiter = new Waiter(this, clientHost);
    this.#timer = new Timer(() => this.#timedOut());
  }

  /** `body`: what came with the head. `stickiness`: of the backend's cookie. `tls`: how its servers are spoken to. */
  begin(
    backend: BackendRuntime,
    stickiness: Stickiness | undefined,
    body: string | Buffer,
    tls?: ServerProfile,
  ): void {
    this.backend = backend;
    this.#tls = tls;
    this.relay.begun = false;
    this.stickiness = stickiness;
    this.#failures = 0;
    this.#blocked = false;
    this.#clientFull = false;
    this.#held = body.length === 0 ? noParts : [body];
    this.#waiter.begin(stickiness?.server);
    this.#acquire();
  }

  #acquire(): void {
    const { live } = this.#client;
    const found = this.backend!.acquire(this.#waiter);
    if (found === 'none') {
      this.state = 'idle';
      this.#client.failed(503, 'no server is available', 'S', 'C');
    } else if (found === 'queued') {
      this.state = 'queued';
      live.phase = 'queue';
      if (live.queuedMono < 0) live.queuedMono = this.#client.timers.mono();
      live.serverQueuePlace = this.#waiter.serverQueuePlace;
      live.backendQueuePlace = this.#waiter.backendQueuePlace;
    } else this.#assigned(found, live.headMono);
  }

  granted(server: ServerRuntime): void {
    this.#assigned(server, this.#client.timers.mono());
  }

  refused(why: Refusal): void {
    this.state = 'idle';
    if (why === 'timeout') this.#client.failed(503, 'no server had a free place in time', 's', 'Q');
    else this.#client.failed(503, 'no server is available', 'S', 'C');
  }

  #assigned(server: ServerRuntime, now: number): void {
    const { live, head, timers } = this.#client;
    const left = this.#waiter.avoid;
    // Where no other server was left it came back to the same one: that is a retry (HAProxy counts it so).
    if (left !== undefined && left !== server) {
      live.redispatched = true;
      this.backend!.traffic.redispatches += 1;
      left.traffic.redispatches += 1;
    }
    const tls = this.#tls;
    this.server = server;
    live.server = server.key;
    live.serverAddress = tls === undefined ? server.address : server.tlsAddress;
    live.assignedMono = now;
    this.backend!.traffic.bytesIn += live.streamBytesIn;
    server.traffic.bytesIn += live.streamBytesIn;
    const pooled = poolOf(server, timers, tls).take(head.repeatable, now);
    if (pooled === undefined) this.#connect();
    else {
      pooled.user = this;
      this.#connection = pooled;
      live.connectedMono = now;
      showCarrier(live, pooled);
      this.#send(now);
    }
  }

  #connect(): void {
    const client = this.#client;
    const { live, timers } = client;
    const server = this.server!;
    const tls = this.#tls;
    this.state = 'connecting';
    live.phase = 'connect';
    showCarrier(live, undefined);
    if (tls?.fault !== undefined) {
      this.state = 'idle';
      live.cause = tls.fault;
      client.failed(503, 'servers cannot be spoken to over TLS as configured', 'P', 'C');
      return;
    }
    timers.arm(this.#timer, this.backend!.settings.timeouts.connect);
    this.#connection = openConnection(server, this, tls, timers, client.head.repeatable);
    live.serverSocket = this.#connection.transport;
  }

  serverConnected(): void {
    const { live, timers } = this.#client;
    live.connectedMono = timers.mono();
    if (this.#tls === undefined) this.#send(live.connectedMono);
  }

  serverSecured(): void {
    const { live, timers } = this.#client;
    const now = timers.mono();
    noteHandshake(live, this.#connection!, now);
    this.#send(now);
  }

  #send(now: number): void {
    const client = this.#client;
    this.state = 'sent';
    this.#sentMono = now;
    client.live.phase = 'wait';
    this.relay.start();
    const connection = this.#connection!;
    this.relay.wantsProvenEnd = this.#tls !== undefined && !connection.watched && client.head.repeatable;
    this.relay.added = this.stickiness?.answerLines(this.server!) ?? '';
    this.#buffers.begin(connection.wire, this.#tls === undefined);
    if (!client.requestDone) connection.readOnAfterFailedWrite();
    const free = sendFirst(connection.socket, client.requestHead(this.server!), this.#held);
    this.#held = noParts;
    this.#blocked = !free;
    client.timers.arm(this.#timer, this.backend!.settings.timeouts.server, now);
    if (free && !client.requestDone) client.resumeRequest();
  }

  /** More of the body. False: the server takes no more now; `resumeRequest` follows. */
  sendBody(part: string | Buffer): boolean {
    const { length } = part;
    if (this.server !== undefined) {
      this.backend!.traffic.bytesIn += length;
      this.server.traffic.bytesIn += length;
    }
    if (this.state !== 'sent' && this.state !== 'answering') {
      if (this.#held === noParts) this.#held = [];
      this.#held.push(part);
      return false;
    }
    const { socket } = this.#connection!;
    const free = typeof part === 'string' ? socket.write(part, 'latin1') : socket.write(part);
    if (!free) this.#blocked = true;
    this.#client.timers.arm(this.#timer, this.backend!.settings.timeouts.server);
    return free;
  }

  serverDrained(): void {
    this.#blocked = false;
    this.#client.timers.arm(this.#timer, this.backend!.settings.timeouts.server);
    if (!this.#client.requestDone) this.#client.resumeRequest();
  }

  serverBytes(octets: Buffer, length: number): boolean {
    const client = this.#client;
    const now = client.timers.mono();
    client.live.lastByteMono = now;
    if (this.state === 'sent') {
      this.state = 'answering';
      client.live.responseMono = now;
    }
    const { wire } = this.#connection!;
    const progress = this.relay.read(octets, length, this.#buffers.isLent(octets, length));
    if (progress === 'more') this.#buffers.flowed(wire, octets, length);
    else if (progress === 'held') this.#buffers.stalled(wire);
    this.#progress(progress, now);
    return !this.#clientFull;
  }

  #progress(progress: RelayProgress, now: number): void {
    switch (progress) {
      case 'more':
        this.#client.timers.arm(this.#timer, this.backend!.settings.timeouts.server, now);
        return;
      case 'held':
        this.#clientFull = true;
        this.#connection!.socket.pause();
        return;
      case 'done':
        this.#done(now);
        return;
      case 'malformed':
        this.#broke(`the server's answer is malformed: ${this.relay.cause}`, 'P');
        return;
      case 'unproven':
        this.#askWatched();
        return;
      case 'switched': {
        const connection = this.#connection!;
        this.#connection = undefined;
        this.#client.timers.cancel(this.#timer);
        connection.release();
        this.#client.switched(connection, this.relay.rest);
        return;
      }
    }
  }

  /** Nothing of the answer went on yet: asked again, once for each server, where its end can be seen. */
  #askWatched(): void {
    poolOf(this.server!, this.#client.timers, this.#tls).ends = 'by-closing';
    this.#drop();
    this.#countRetry('the answer ends by closing, which only a watched connection can tell from a cut');
    this.#connect();
  }

  /** The client took what was written. */
  clientDrained(): void {
    if (!this.#clientFull) return;
    this.#clientFull = false;
    this.#buffers.drained();
    this.#client.timers.arm(this.#timer, this.backend!.settings.timeouts.server);
    this.#connection?.socket.resume();
  }

  /** True while the client is what the exchange waits for: its answer, or the rest of its request. */
  get waitsForClient(): boolean {
    return this.#clientFull || (!this.#client.requestDone && !this.#blocked);
  }

  /** From here on it is the server that must do something. */
  requestEnded(): void {
    if (this.state === 'sent' || this.state === 'answering')
      this.#client.timers.arm(this.#timer, this.backend!.settings.timeouts.server);
  }

  #done(now: number): void {
    const connection = this.#connection!;
    this.#buffers.end(this.#client.pending);
    this.#connection = undefined;
    const server = this.server!;
    const took = (now - this.#sentMono) * 1_000;
    server.latency.record(took);
    this.backend!.latency.record(took);
    const pool = poolOf(server, this.#client.timers, this.#tls);
    pool.learn(this.relay.bodyEnds);
    // A server that answered before it had the whole request would take what is left of it for the next one.
    if (this.relay.reusable && this.#client.requestDone && !this.#blocked && !connection.failing)
      pool.put(connection, now);
    else if (this.#client.requestDone) connection.close();
    else connection.abort();
    this.#client.answered(now);
  }

  serverEnded(): void {
    if (this.state === 'answering' && this.relay.ended() === 'done') {
      if (this.#connection!.endWasSaid) this.#done(this.#client.timers.mono());
      else this.#cut();
    } else if (this.state !== 'connecting')
      this.#lost('the server ended the connection before its answer was complete');
  }

  /** Over TLS an end that was not said is no end: anybody on the way can send a FIN. */
  #cut(): void {
    poolOf(this.server!, this.#client.timers, this.#tls).ends = 'by-closing';
    this.#client.live.cause = this.#connection!.watched
      ? 'the TLS connection to the server was cut: no close_notify'
      : 'the end of the answer could not be told from a cut of the TLS connection';
    this.#broke('the server ended the connection before its answer was complete', 'S');
  }

  serverFailed(error: Error): void {
    if (this.state === 'connecting') {
      if (this.#tls !== undefined && this.#connection!.reached) {
        const { text, lasting } = whyHandshakeFailed(error, this.server!, this.#tls);
        this.#handshakeFailed('S', text, lasting);
      } else this.#connectFailed('S', reasonOf(error));
      return;
    }
    if (this.#tls !== undefined && !this.relay.heard && isLateRefusal(error))
      this.#client.live.cause = handshakeFailure(error, undefined).text;
    this.#lost('the server broke the connection off before its answer was complete');
  }

  #handshakeFailed(who: 'S' | 's', text: string, lasting: boolean): void {
    const { live, timers, route } = this.#client;
    noteHandshakeFailure(live, this.server!, route, timers.mono(), text);
    this.#connectFailed(who, text, lasting);
  }

  /** The connection is gone, and the answer is not complete. */
  #lost(cause: string): void {
    const connection = this.#connection;
    if (connection === undefined) return;
    // Nothing came, and the connection had been idle: the server closed it before it saw the request (RFC 9112 9.3.1).
    if (this.state === 'sent' && connection.reused && this.#client.head.repeatable) {
      connection.abort();
      this.#countRetry('the idle connection was closed before the request reached the server');
      // Its companions in the pool have likely met the same end.
      this.#connect();
      return;
    }
    this.#broke(cause, 'S');
  }

  #broke(cause: string, who: Who): void {
    this.#drop();
    if (this.relay.begun) this.#client.broken(who);
    else this.#client.failed(502, cause, who, 'H');
  }

  /** `lasting`: the same server would fail in the same way again. */
  #connectFailed(who: 'S' | 's', reason: string, lasting = false): void {
    this.#drop();
    const backend = this.backend!;
    const server = this.server!;
    backend.traffic.connectErrors += 1;
    server.traffic.connectErrors += 1;
    this.#failures += 1;
    let next = nextAttempt(backend.settings, this.#failures, server.takesCookie);
    if (lasting && next !== 'give-up')
      next = backend.settings.redispatch && this.#waiter.avoid !== server ? 'other' : 'give-up';
    if (next === 'give-up') {
      this.#client.failed(503, `no ${lasting ? 'TLS ' : ''}connection to the server could be made`, who, 'C');
      return;
    }
    this.#countRetry(reason);
    if (next === 'other') this.#redispatch();
    else if (who === 's') this.#connect();
    else {
      this.state = 'pausing';
      this.#client.timers.arm(this.#timer, retryPauseMs(backend.settings.timeouts.connect));
    }
  }

  #countRetry(reason: string): void {
    const { live, timers } = this.#client;
    noteRetry(live, timers.mono(), this.server!.key, reason);
    live.retries += 1;
    this.backend!.traffic.retries += 1;
    this.server!.traffic.retries += 1;
  }

  #redispatch(): void {
    const server = this.server!;
    this.#waiter.avoid = server;
    this.#waiter.cookieServer = undefined;
    this.server = undefined;
    server.release();
    this.#acquire();
  }

  #timedOut(): void {
    switch (this.state) {
      case 'idle':
      case 'queued':
        return;
      case 'connecting':
        if (this.#connection?.reached === true)
          this.#handshakeFailed('s', 'the TLS handshake was not complete within the connect timeout', false);
        else this.#connectFailed('s', 'no connection within the connect timeout');
        return;
      case 'pausing':
        if (this.server!.takesCookie || !this.backend!.settings.redispatch) this.#connect();
        else this.#redispatch();
        return;
      case 'sent':
      case 'answering':
        if (this.waitsForClient) return;
        this.#drop();
        if (this.relay.begun) this.#client.broken('s');
        else this.#client.failed(504, 'the server did not answer in time', 's', 'H');
    }
  }

  /** Where the stream breaks off now, in the letter of the access log. */
  phase(): 'Q' | 'C' | 'H' | 'D' {
    switch (this.state) {
      case 'idle':
      case 'queued':
        return 'Q';
      case 'connecting':
      case 'pausing':
        return 'C';
      case 'sent':
        return 'H';
      case 'answering':
        return this.relay.begun ? 'D' : 'H';
    }
  }

  /** The client is gone, or was ended: nothing more is sent or read. `finish` must follow. */
  abort(): void {
    if (this.state === 'queued') this.backend!.cancel(this.#waiter);
    this.#drop();
  }

  /** The last step of every stream, after it was logged: gives the place on the server back. */
  finish(): void {
    const { server } = this;
    this.state = 'idle';
    this.backend = undefined;
    this.server = undefined;
    this.#tls = undefined;
    this.stickiness = undefined;
    this.#held = noParts;
    server?.release();
  }

  /** The timer must not keep a closed session in memory. */
  dispose(): void {
    this.#client.timers.cancel(this.#timer);
  }

  #drop(): void {
    this.#buffers.end(true);
    const connection = this.#connection;
    this.#connection = undefined;
    connection?.abort();
  }
}

/** Shared, never written to: most requests have no body. */
const noParts: (string | Buffer)[] = [];
