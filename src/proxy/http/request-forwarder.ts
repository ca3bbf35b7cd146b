// Makes a client's requests into what servers are sent: who the client is never changes on a connection, so what is
// said of it is made once for each host it asks for.

import type { Socket } from 'node:net';
import type { BindRuntime } from '../bind-runtime.ts';
import type { ServerRuntime } from '../server-runtime.ts';
import { type Arrival, forwardedLines, forwardRequest } from './forward-request.ts';
import type { RequestHead } from './request-head.ts';
import type { Stickiness } from './stickiness.ts';

export class RequestForwarder {
  readonly #bind: BindRuntime;
  readonly #arrival: Arrival;
  #host: string | undefined = undefined;
  #lines: string | undefined = undefined;

  /** `clientHost`: its address without port; "" on a unix socket. */
  constructor(socket: Socket, bind: BindRuntime, clientHost: string) {
    this.#bind = bind;
    const { address } = bind.settings;
    // The socket would ask the kernel for what the bind says, unless its port is any that was free.
    const port = address.kind === 'ip' && address.port !== 0 ? address.port : socket.localPort;
    this.#arrival = { address: clientHost === '' ? undefined : clientHost, proto: 'http', port };
  }

  /** `text` starts with the request. */
  head(
    text: string,
    head: RequestHead,
    server: ServerRuntime,
    stickiness: Stickiness | undefined,
    upgrade: boolean,
  ): string {
    const host = head.authority === '' ? head.host : head.authority;
    if (this.#lines === undefined || host !== this.#host) {
      this.#host = host;
      this.#lines = forwardedLines(this.#arrival, host);
    }
    const { address } = server.settings;
    return forwardRequest(text, head, {
      forwarded: this.#bind.settings.forwardedHeaders,
      arrival: this.#arrival,
      added: this.#lines,
      cookieEdits: stickiness?.edits,
      defaultHost: address.kind === 'ip' ? address.host : server.name,
      upgrade,
    });
  }
}

/** Not HTTP/2, which would carry further requests past routes and log; and only where no body is in the way. */
export function mayUpgrade(head: RequestHead, withoutBody: boolean): boolean {
  return (
    head.connectionUpgrade &&
    head.upgrade !== '' &&
    head.minor === 1 &&
    withoutBody &&
    !/(^|[\s,])h2c?([\s,]|$)/i.test(head.upgrade)
  );
}
