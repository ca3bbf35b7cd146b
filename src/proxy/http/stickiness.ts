// What the persistence cookie of one request says of its server, and what the answer must say in return.

import type { CookieIn, CookieOut } from '../../domain/termination.ts';
import type { BackendRuntime } from '../backend-runtime.ts';
import type { ServerRuntime } from '../server-runtime.ts';
import type { Edit } from './edits.ts';
import { findCookie, setCookieLines } from './persistence-cookie.ts';
import type { RequestHead } from './request-head.ts';

export class Stickiness {
  /** The server that the cookie names and that takes its clients. */
  readonly server: ServerRuntime | undefined;
  readonly cookieIn: CookieIn;
  cookieOut: CookieOut = 'N';
  /** What takes the cookie out of the request, where it is there. */
  readonly edits: Edit[] | undefined;
  readonly #name: string;
  readonly #secure: boolean;

  constructor(name: string, backend: BackendRuntime, text: string, head: RequestHead, secure: boolean) {
    this.#name = name;
    this.#secure = secure;
    const { value, edits } = findCookie(text, head.cookies, name);
    this.edits = edits.length === 0 ? undefined : edits;
    const named = value === undefined ? undefined : backend.server(value);
    this.server = named?.takesCookie === true ? named : undefined;
    if (value === undefined) this.cookieIn = 'N';
    else if (named === undefined) this.cookieIn = 'I';
    else this.cookieIn = this.server === undefined ? 'D' : 'V';
  }

  /** A client that was served where its cookie points needs no new one. */
  answerLines(server: ServerRuntime): string {
    if (server === this.server) return '';
    this.cookieOut = 'I';
    return setCookieLines(this.#name, server.name, this.#secure);
  }
}

/** Undefined where the backend keeps no client by a cookie. `secure`: the cookie is for TLS alone. */
export function stickinessOf(
  backend: BackendRuntime,
  text: string,
  head: RequestHead,
  secure: boolean,
): Stickiness | undefined {
  const { cookie } = backend.settings;
  return cookie === undefined ? undefined : new Stickiness(cookie.name, backend, text, head, secure);
}
