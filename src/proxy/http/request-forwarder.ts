// Makes a client's requests into what servers are sent: who the client is never changes on a connection, so what is
// said of it is made once for each host it asks for.

import type { BindRuntime } from '../bind-runtime.ts';
import type { TlsEntrance } from '../plane.ts';
import type { ServerRuntime } from '../server-runtime.ts';
import { certificateLines } from './client-certificate-fields.ts';
import { type Arrival, type ForwardedHeaders, forwardedLines, forwardRequest } from './forward-request.ts';
import type { RequestHead } from './request-head.ts';
import type { Stickiness } from './stickiness.ts';

export class RequestForwarder {
  readonly #bind: BindRuntime;
  readonly #arrival: Arrival;
  readonly #identity: string;
  #forwarded: ForwardedHeaders = 'never';
  #host: string | undefined = undefined;
  #lines: string | undefined = undefined;

  /** `clientHost`: its address without port; "" on a unix socket. `entrance`: where its TLS was ended here. */
  constructor(bind: BindRuntime, clientHost: string, entrance: TlsEntrance | undefined) {
    this.#bind = bind;
    const certificate = entrance?.clientCertificate;
    this.#identity = certificate === undefined ? '' : certificateLines(certificate);
    const proto = entrance === undefined ? 'http' : 'https';
    this.#arrival = { address: clientHost === '' ? undefined : clientHost, proto, port: bind.port };
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
    const forwarded = this.#bind.settings.forwardedHeaders;
    if (this.#lines === undefined || host !== this.#host || forwarded !== this.#forwarded) {
      this.#host = host;
      this.#forwarded = forwarded;
      this.#lines = (forwarded === 'never' ? '' : forwardedLines(this.#arrival, host)) + this.#identity;
    }
    const { address } = server.settings;
    return forwardRequest(text, head, {
      forwarded,
      arrival: this.#arrival,
      added: this.#lines,
      identity: this.#identity,
      cookieEdits: stickiness?.edits,
      defaultHost: address.kind === 'ip' ? address.host : server.name,
      upgrade,
    });
  }
}
