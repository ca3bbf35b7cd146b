// A client connection between two requests: counted as idle on its bind, and on the server that its cookie names,
// since a drain must know who can still send a request there.

import type { BindRuntime } from '../bind-runtime.ts';
import type { LiveConnection } from '../live-connection.ts';
import type { ServerRuntime } from '../server-runtime.ts';

export class KeepAlivePlace {
  readonly #bind: BindRuntime;
  readonly #live: LiveConnection;
  #idle = false;
  #server: ServerRuntime | undefined = undefined;

  constructor(bind: BindRuntime, live: LiveConnection) {
    this.#bind = bind;
    this.#live = live;
  }

  /** The client's next request will name this server, or none. */
  stickTo(server: ServerRuntime | undefined): void {
    this.#server = server;
    this.#live.stickyTo = server?.key;
  }

  enter(): void {
    if (this.#idle) return;
    this.#idle = true;
    this.#live.phase = 'idle';
    this.#bind.traffic.idle += 1;
    if (this.#server !== undefined) this.#server.sticky += 1;
  }

  leave(): void {
    if (!this.#idle) return;
    this.#idle = false;
    this.#bind.traffic.idle -= 1;
    if (this.#server !== undefined) this.#server.sticky -= 1;
  }
}
