// One request on its way to a server and back: a place on a server, a connection to it, sending, the answer; and what
// may be tried again. Serves a client session's requests one after another.
//
//   idle → queued → connecting ⇄ pausing (before another attempt)
//            │          └──► sent (until the answer's first octet) → answering → idle
//            └──(a pooled connection)──►┘

import { nextAttempt, retryPauseMs } from '../../domain/retry.ts';
import type { Who } from '../../domain/termination.ts';
import type { BackendRuntime } from '../backend-runtime.ts';
import type { BindRuntime } from '../bind-runtime.ts';
import type { LiveConnection } from '../live-connection.ts';
import { type Refusal, Waiter, type WaiterOwner } from '../queue.ts';
import type { ServerRuntime } from '../server-runtime.ts';
import { Timer, type Timers } from '../timers.ts';
import type { ServerProfile } from '../tls/server-profiles.ts';
import { AnswerBuffers } from './answer-buffers.ts';
import { type AnswerClient, type RelayProgress, ResponseRelay } from './response-relay.ts';
import { ServerConnection, type ServerConnectionUser } from './server-connection.ts';
import { poolOf } from './server-pool.ts';
import type { Stickiness } from './stickiness.ts';
import { noteRetry } from './stream-fields.ts';

export interface ExchangeClient extends AnswerClient {
  readonly live: LiveConnection;
  readonly bind: BindRuntime;
  readonly timers: Timers;
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
  readonly #buffers = new AnswerBuffers();
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

  constructor(client: ExchangeClient, clientHost: string) {
    this.#client = client;
    this.relay = new ResponseRelay(client);
    this.#waiter = new Waiter(this, clientHost);
    this.#timer = new Timer(() => this.#timedOut());
  }

  /**
   * `body`: what came with the head. `stickiness`: what the backend's cookie says, where it has one. `tls`: how its servers
   * are spoken to; undefined for plain.
   */
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
    this.server = server;
    live.server = server.key;
    live.serverAddress = server.address;
    live.assignedMono = now;
    this.backend!.traffic.bytesIn += live.streamBytesIn;
    server.traffic.bytesIn += live.streamBytesIn;
    const pooled = poolOf(server, timers).take(head.repeatable, now);
    if (pooled === undefined) this.#connect();
    else {
      pooled.user = this;
      this.#connection = pooled;
      live.reusedServerConnection = true;
      live.connectedMono = now;
      this.#send(now);
    }
  }

  #connect(): void {
    const { live, timers } = this.#client;
    this.state = 'connecting';
    live.phase = 'connect';
    live.reusedServerConnection = false;
    timers.arm(this.#timer, this.backend!.settings.timeouts.connect);
    this.#connection = new ServerConnection(this.server!, this);
  }

  serverConnected(): void {
    const now = this.#client.timers.mono();
    this.#client.live.connectedMono = now;
    this.#send(now);
  }

  #send(now: number): void {
    const client = this.#client;
    this.state = 'sent';
    this.#sentMono = now;
    client.live.phase = 'wait';
    this.relay.start();
    this.relay.added = this.stickiness?.answerLines(this.server!) ?? '';
    const { socket } = this.#connection!;
    if (!client.requestDone) this.#connection!.readOnAfterFailedWrite();
    let out = client.requestHead(this.server!);
    const held = this.#held;
    let free = true;
    if (held.length > 0) {
      this.#held = noParts;
      for (const part of held) {
        if (typeof part === 'string') out += part;
        else {
          socket.write(out, 'latin1');
          out = '';
          free = socket.write(part);
        }
      }
    }
    if (out !== '') free = socket.write(out, 'latin1');
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
    const progress = this.relay.read(octets, length, this.#buffers.isLent(octets));
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
    // A server that answered before it had the whole request would take what is left of it for the next one.
    if (this.relay.reusable && this.#client.requestDone && !this.#blocked && !connection.failing)
      poolOf(server, this.#client.timers).put(connection, now);
    else if (this.#client.requestDone) connection.close();
    else connection.abort();
    this.#client.answered(now);
  }

  serverEnded(): void {
    if (this.state === 'answering' && this.relay.ended() === 'done') {
      this.#done(this.#client.timers.mono());
      return;
    }
    if (this.state === 'connecting') return;
    this.#lost('the server ended the connection before its answer was complete');
  }

  serverFailed(error: Error): void {
    if (this.state === 'connecting') this.#connectFailed('S', reasonOf(error));
    else this.#lost('the server broke the connection off before its answer was complete');
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

  #connectFailed(who: 'S' | 's', reason: string): void {
    this.#drop();
    const backend = this.backend!;
    const server = this.server!;
    backend.traffic.connectErrors += 1;
    server.traffic.connectErrors += 1;
    this.#failures += 1;
    const next = nextAttempt(backend.settings, this.#failures, server.takesCookie);
    if (next === 'give-up') {
      this.#client.failed(503, 'no connection to the server could be made', who, 'C');
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
        this.#connectFailed('s', 'no connection within the connect timeout');
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

function reasonOf(error: Error): string {
  return 'code' in error && error.code === 'ECONNREFUSED' ? 'connection refused' : error.message;
}
