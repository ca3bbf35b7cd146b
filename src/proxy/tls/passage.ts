// A connection whose TLS is the server's: what was read of it before its route was known, and what the server's first
// bytes tell of how it goes. This is how a mode that does not fit its servers is noticed.

import type { RouteRuntime } from '../bind-runtime.ts';
import type { LiveConnection } from '../live-connection.ts';
import type { ServerRuntime } from '../server-runtime.ts';
import { readServerGreeting } from './server-hello.ts';

export interface Passage {
  /** Begun, its ClientHello read. */
  readonly live: LiveConnection;
  readonly route: RouteRuntime;
  /** All that was read: the server gets it first. */
  readonly hello: Buffer;
}

/** What a ServerHello may take before it is given up on. */
const maxGreeting = 16_384;

export class GreetingWatch {
  readonly #passage: Passage;
  readonly #server: ServerRuntime;
  #gathered: Buffer | undefined = undefined;
  #settled = false;

  constructor(passage: Passage, server: ServerRuntime) {
    this.#passage = passage;
    this.#server = server;
  }

  /** The server's next bytes, which are copied where they must be kept. False: it need not be shown more. */
  sees(buffer: Buffer, length: number, now: number): boolean {
    const bytes = buffer.subarray(0, length);
    const all = this.#gathered === undefined ? bytes : Buffer.concat([this.#gathered, bytes]);
    const greeting = readServerGreeting(all);
    const { live } = this.#passage;
    switch (greeting.is) {
      case 'more':
        if (all.length <= maxGreeting) {
          this.#gathered = this.#gathered === undefined ? Buffer.copyBytesFrom(bytes) : all;
          return true;
        }
        break;
      case 'hello': {
        const { version, cipher } = greeting;
        live.serverHelloMono = now;
        live.tls = { ...live.tls!, version, cipher };
        const { traffic } = this.#passage.route;
        traffic.passedHandshakes += 1;
        traffic.failingClients.succeeded(live.clientHost, now);
        break;
      }
      case 'alert':
        this.#failed(`the server ${this.#server.key} refused the handshake: alert ${greeting.name}`, now);
        break;
      case 'strange':
        this.#failed(`the server ${this.#server.key} does not speak TLS on ${this.#server.tlsAddress}`, now);
        break;
    }
    this.#settled = true;
    return false;
  }

  /** The connection is over; nothing more comes. */
  ended(how: string, now: number): void {
    if (!this.#settled) this.#failed(how, now);
    this.#settled = true;
  }

  #failed(cause: string, now: number): void {
    const { live, route } = this.#passage;
    live.cause = cause;
    route.traffic.handshakeFailures += 1;
    route.traffic.passedHandshakeFailures += 1;
    route.traffic.failingClients.failed(live.clientHost, now);
  }
}
