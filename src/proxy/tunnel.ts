// A relay between two established sockets, for TCP streams and for HTTP connections after an upgrade: back-pressure both
// ways, half-close, and an abort of one side reaches the other as a reset, so that nobody takes cut-off bytes for all.
//
//   open → half-closed (one side's FIN was passed on) → ended        '-'
//   any  → reset by a side 'C' 'S' · silent too long 'c' 's' · killed 'K'

import type { Socket } from 'node:net';
import type { BackendRuntime } from './backend-runtime.ts';
import type { BindRuntime } from './bind-runtime.ts';
import type { RouteTraffic } from './counters.ts';
import type { LiveConnection } from './live-connection.ts';
import { ReadSize } from './read-size.ts';
import { smallRead } from './relay-buffers.ts';
import { resetSocket } from './reset-socket.ts';
import type { ServerRuntime } from './server-runtime.ts';
import type { ServerSocket } from './server-socket.ts';
import { Timer, type Timers } from './timers.ts';
import type { GreetingWatch } from './tls/passage.ts';

export interface TunnelOptions {
  /** Nothing listens on it any more; may be paused. Left with half-open allowed. */
  readonly client: Socket;
  readonly server: ServerSocket;
  /** Its bytes, `lastByteMono` and traffic are counted as they pass; so are the bind's, backend's and server's. */
  readonly connection: LiveConnection;
  readonly bind: BindRuntime;
  readonly backend: BackendRuntime;
  readonly serverRuntime: ServerRuntime;
  readonly timers: Timers;
  /** Counted as well, where given. */
  readonly routeTraffic?: RouteTraffic | undefined;
  /** Shown what the server says, until it has seen enough. */
  readonly greeting?: GreetingWatch | undefined;
  /** Already read from the client (a ClientHello, or what came behind the upgrade request), and from the server (behind the 101): sent first, and counted. */
  readonly fromClient?: Buffer | undefined;
  readonly fromServer?: Buffer | undefined;
  /** Once, when both sockets are done with. */
  readonly ended: (end: TunnelEnd) => void;
}

/** `-`: both sides ended. `C`, `S`: reset by. `c`, `s`: silent for the tunnel timeout. `K`: killed. */
export type TunnelEnd = '-' | 'C' | 'S' | 'c' | 's' | 'K';

export interface Tunnel {
  /** Resets both sides; `ended` is called with 'K' before it returns. */
  kill(): void;
}

const nothing = Buffer.alloc(0);
/** Dead peers of a tunnel that has become silent are found by TCP itself, long before an hour's tunnel timeout. */
const keepAliveAfterMs = 30_000;

export function startTunnel(options: TunnelOptions): Tunnel {
  return new Relay(options);
}

class Relay implements Tunnel {
  readonly #options: TunnelOptions;
  readonly #timer: Timer;
  readonly #readSize: ReadSize;
  #clientMono: number;
  #serverMono: number;
  #clientEnded = false;
  #serverEnded = false;
  #open = 2;
  #over = false;
  #keepingAlive = false;
  #greeting: GreetingWatch | undefined;
  readonly #routeTraffic: RouteTraffic | undefined;

  constructor(options: TunnelOptions) {
    this.#options = options;
    this.#greeting = options.greeting;
    this.#routeTraffic = options.routeTraffic;
    const { client, server, timers, serverRuntime } = options;
    this.#timer = new Timer(() => this.#silent());
    this.#readSize = new ReadSize(server);
    this.#clientMono = this.#serverMono = timers.mono();
    timers.arm(this.#timer, Math.min(this.#timeout, keepAliveAfterMs));
    serverRuntime.tunnels += 1;

    client.on('data', (bytes: Buffer) => this.#fromClient(bytes));
    client.on('end', () => this.#clientEnd());
    client.on('error', () => this.#failed('C'));
    client.on('close', () => this.#closed('C'));
    server.onBytes = (buffer, length) => this.#fromServer(buffer, length);
    server.socket.on('end', () => this.#serverEnd());
    server.socket.on('error', () => this.#failed('S'));
    server.socket.on('close', () => this.#closed('S'));

    if (options.fromServer !== undefined && options.fromServer.length > 0) {
      this.#fromServer(options.fromServer, options.fromServer.length);
    }
    if (options.fromClient !== undefined && options.fromClient.length > 0) {
      this.#fromClient(options.fromClient);
    }
    resumeOnceWritten(server.socket, client);
    resumeOnceWritten(client, server.socket);
    // What happened to them before anybody here listened.
    if (client.readableEnded) this.#clientEnd();
    if (server.socket.readableEnded) this.#serverEnd();
    if (client.destroyed) this.#abort('C');
    else if (server.socket.destroyed) this.#abort('S');
  }

  kill(): void {
    this.#abort('K');
  }

  get #timeout(): number {
    return this.#options.backend.settings.timeouts.tunnel;
  }

  #fromClient(bytes: Buffer): void {
    if (this.#over) return;
    const { connection, bind, backend, serverRuntime, client, server } = this.#options;
    const { length } = bytes;
    this.#clientMono = connection.lastByteMono = this.#options.timers.mono();
    connection.bytesIn += length;
    connection.streamBytesIn += length;
    bind.traffic.bytesIn += length;
    backend.traffic.bytesIn += length;
    serverRuntime.traffic.bytesIn += length;
    if (this.#routeTraffic !== undefined) this.#routeTraffic.bytesIn += length;
    // The server is gone after its last byte: what the client still says has nowhere to go.
    if (server.socket.destroyed) return;
    server.socket.write(bytes);
    if (server.socket.writableLength > 0) {
      client.pause();
      resumeOnceWritten(client, server.socket);
    }
  }

  #fromServer(buffer: Buffer, length: number): boolean {
    if (this.#over) return false;
    const { connection, bind, backend, serverRuntime, client, server } = this.#options;
    this.#serverMono = connection.lastByteMono = this.#options.timers.mono();
    connection.bytesOut += length;
    connection.streamBytesOut += length;
    bind.traffic.bytesOut += length;
    backend.traffic.bytesOut += length;
    serverRuntime.traffic.bytesOut += length;
    if (this.#routeTraffic !== undefined) this.#routeTraffic.bytesOut += length;
    if (this.#greeting?.sees(buffer, length, this.#serverMono) === false) this.#greeting = undefined;
    if (client.destroyed) return true;
    const own = this.#readSize.owns(buffer);
    if (own) client.write(length === buffer.length ? buffer : buffer.subarray(0, length));
    else if (length <= smallRead) client.write(buffer.toString('latin1', 0, length), 'latin1');
    else client.write(Buffer.copyBytesFrom(buffer, 0, length));
    if (client.writableLength === 0) {
      this.#readSize.fit(length);
      return true;
    }
    // Not reading while a write is pending is also what keeps a buffer of its own untouched until it is written.
    resumeOnceWritten(server.socket, client);
    return false;
  }

  #clientEnd(): void {
    this.#clientEnded = true;
    const { connection, timers, server } = this.#options;
    if (connection.clientFinMono === -1) connection.clientFinMono = timers.mono();
    if (!this.#over) server.socket.end();
  }

  #serverEnd(): void {
    this.#serverEnded = true;
    const { connection, timers, client } = this.#options;
    if (connection.serverFinMono === -1) connection.serverFinMono = timers.mono();
    if (!this.#over) client.end();
  }

  /** A reset, or a write to a side that no longer reads. */
  #failed(side: 'C' | 'S'): void {
    if (this.#over) return;
    if (!(side === 'C' ? this.#clientEnded : this.#serverEnded)) {
      this.#abort(side);
      return;
    }
    // It had said all it wanted to say, and the other side is to get all of that before it goes, too.
    this.#clientEnded = this.#serverEnded = true;
    const { client, server } = this.#options;
    (side === 'C' ? server.socket : client).destroySoon();
  }

  #closed(side: 'C' | 'S'): void {
    this.#open -= 1;
    if (this.#over) return;
    if (!(side === 'C' ? this.#clientEnded : this.#serverEnded)) this.#abort(side);
    else if (this.#open === 0) this.#finish('-');
  }

  #silent(): void {
    const { timers, connection } = this.#options;
    // Armed once, not at every byte: whatever passed meanwhile is seen here.
    const left = connection.lastByteMono + this.#timeout - timers.mono();
    if (left <= 0) {
      this.#abort(this.#clientMono <= this.#serverMono ? 'c' : 's');
      return;
    }
    timers.arm(this.#timer, left);
    if (this.#keepingAlive) return;
    // Eight system calls, which a connection that is soon over is spared.
    this.#keepingAlive = true;
    this.#options.client.setKeepAlive(true, keepAliveAfterMs);
    this.#options.server.socket.setKeepAlive(true, keepAliveAfterMs);
  }

  #abort(end: TunnelEnd): void {
    if (this.#over) return;
    const { connection, timers } = this.#options;
    if (connection.resetMono === -1) {
      connection.resetMono = timers.mono();
      connection.resetBy = end === 'C' ? 'client' : end === 'S' ? 'server' : 'sluice';
    }
    this.#finish(end);
    resetSocket(this.#options.client);
    resetSocket(this.#options.server.socket);
  }

  #finish(end: TunnelEnd): void {
    this.#over = true;
    const { timers, serverRuntime, bind, backend, client, ended } = this.#options;
    timers.cancel(this.#timer);
    serverRuntime.tunnels -= 1;
    if (end === 'C') for (const { traffic } of [bind, backend, serverRuntime]) traffic.clientAborts += 1;
    if (end === 'S') for (const { traffic } of [bind, backend, serverRuntime]) traffic.serverAborts += 1;
    if (this.#routeTraffic !== undefined) {
      if (end === 'C') this.#routeTraffic.clientAborts += 1;
      if (end === 'S') this.#routeTraffic.serverAborts += 1;
    }
    this.#readSize.end(client.writableLength === 0);
    ended(end);
  }
}

/** 'drain' comes only above the high-water mark; an empty write behind the pending ones always calls back. */
function resumeOnceWritten(source: Socket, target: Socket): void {
  if (target.writableLength === 0) source.resume();
  else target.write(nothing, () => source.resume());
}
