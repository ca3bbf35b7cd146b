// What a client sent, as text, taken apart into requests: the head being read, the request under way, and what waits
// behind it.

import { needsMore } from './field-lines.ts';
import type { Refusal } from './refusal.ts';
import { RequestBody } from './request-body.ts';
import { RequestHead } from './request-head.ts';

/** Text of further requests that may wait while one is served. */
const maxWaiting = 65_536;
const emptyLines = /^(?:\r\n)*\r?$/;

export class RequestReader {
  readonly head: RequestHead;
  readonly body = new RequestBody();
  /** Read and not yet consumed: the head being read, or what came after the request under way. */
  text = '';
  /** The request under way, from its first octet. */
  request = '';
  /** An octet of the next request is there. */
  begun = false;

  /** `secure`: it is read over TLS. */
  constructor(secure: boolean) {
    this.head = new RequestHead(secure);
  }

  add(text: string): void {
    this.text = this.text === '' ? text : this.text + text;
  }

  /** More waits than may: read no further. */
  get overfull(): boolean {
    return this.text.length > maxWaiting;
  }

  /** Old clients send an empty line behind a body: with it no request has begun yet. */
  get empty(): boolean {
    return emptyLines.test(this.text);
  }

  /** Empty lines before a request are skipped (RFC 9112 2.2). False: there is nothing else. */
  begin(): boolean {
    while (this.text.startsWith('\r\n')) this.text = this.text.slice(2);
    if (this.text === '' || this.text === '\r') return false;
    this.begun = true;
    return true;
  }

  /** As RequestHead.parse. */
  parse(maxHeadBytes: number): number {
    return this.text === '' ? needsMore : this.head.parse(this.text, maxHeadBytes);
  }

  /** The head ends at `end`; takes what came of the body with it. What is left is the next request's. */
  take(end: number, maxBodyBytes: number): Refusal | undefined {
    const { text, body } = this;
    this.request = text;
    const refusal = body.start(this.head, text, end, maxBodyBytes);
    if (refusal === undefined) this.text = body.next === text.length ? '' : text.slice(body.next);
    return refusal;
  }

  /** The request under way is served. */
  next(): void {
    this.begun = false;
    this.request = '';
    this.head.reset();
  }

  /** Nothing more is served. */
  drop(): void {
    this.text = '';
    this.request = '';
  }

  /** What waits belongs to whoever took the connection over. */
  release(): Buffer | undefined {
    const waiting = this.text === '' ? undefined : Buffer.from(this.text, 'latin1');
    this.text = '';
    return waiting;
  }
}
