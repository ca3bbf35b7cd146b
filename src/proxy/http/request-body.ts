// A request's body as it is read: which octets belong to it, and whether it is larger than a bind takes.

import { BodyFraming } from './body-framing.ts';
import { type Refusal, refuse } from './refusal.ts';
import type { RequestHead } from './request-head.ts';
import { smallOctets } from './response-relay.ts';

export class RequestBody {
  readonly #framing = new BodyFraming();
  /** The request has no body at all. */
  empty = true;
  /** What of it came with the head. */
  first: string | Buffer = '';
  /** Offset in the head's text after what belongs to this request. */
  next = 0;
  refusal: Refusal | undefined = undefined;

  get done(): boolean {
    return this.#framing.done;
  }

  /** `text` holds the head, which ends at `end`, and what came with it. `maxBytes` 0: no limit. */
  start(head: RequestHead, text: string, end: number, maxBytes: number): Refusal | undefined {
    this.refusal = undefined;
    this.first = '';
    this.next = end;
    const framing = this.#framing;
    if (head.chunked) framing.start('chunked');
    else framing.start('length', Math.max(0, head.contentLength));
    this.empty = framing.done;
    if (framing.done) return undefined;
    if (maxBytes > 0 && head.contentLength > maxBytes) return this.#tooLarge(maxBytes);
    if (end === text.length) return undefined;
    if (head.chunked) {
      const octets = Buffer.from(text.slice(end), 'latin1');
      const stop = this.consume(octets, maxBytes);
      if (stop < 0) return this.refusal;
      this.next = end + stop;
    } else this.next = end + framing.takeLength(text.length - end);
    const first = text.slice(end, this.next);
    this.first = first.length > smallOctets ? Buffer.from(first, 'latin1') : first;
    return undefined;
  }

  /** How many octets of `chunk` belong to the body, or -1: refused. */
  consume(chunk: Buffer, maxBytes: number): number {
    const stop = this.#framing.consume(chunk, 0, chunk.length);
    if (stop < 0) this.refusal = this.#framing.refusal;
    else if (maxBytes > 0 && this.#framing.content > maxBytes) {
      this.#tooLarge(maxBytes);
      return -1;
    }
    return stop;
  }

  #tooLarge(maxBytes: number): Refusal {
    this.refusal = refuse(413, `the request body is larger than ${maxBytes} bytes`);
    return this.refusal;
  }
}
