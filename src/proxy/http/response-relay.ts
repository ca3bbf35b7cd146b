// Reads a server's answer and writes it to the client as it comes: interim answers, the head, the body.
// Says how far it got; what follows from that for the connections is the exchange's to decide.

import { BodyFraming } from './body-framing.ts';
import { needsMore, refused } from './field-lines.ts';
import { forwardResponse } from './forward-response.ts';
import type { RequestHead } from './request-head.ts';
import { ResponseHead } from './response-head.ts';

/** Up to this size octets travel as a string, which a write copies at once (data-plane.md, "What works" 1). */
export const smallOctets = 16_384;
/** What is lent is written as it is, so that no more of it is made text than most heads take. */
const usualHead = 2_048;

/** The client's side of an exchange, as far as an answer concerns it. */
export interface AnswerClient {
  readonly head: RequestHead;
  /** Neither the client nor we want another request on the connection. */
  readonly closing: boolean;
  /** False: hold on until it is drained. `lent`: the buffer is used again, so that all of it must go out first. */
  write(out: string | Buffer, lent?: boolean): boolean;
  /** Right before the first write of the final answer. `close`: the connection ends with it. */
  answerBegins(status: number, close: boolean): void;
}

/** `held`: more is to come, but the client takes no more now. `switched`: 101, both sides speak another protocol now. */
export type RelayProgress = 'more' | 'held' | 'done' | 'malformed' | 'switched' | 'unproven';

export class ResponseRelay {
  readonly head = new ResponseHead();
  readonly #framing = new BodyFraming();
  readonly #client: AnswerClient;
  /** The final answer's head was sent on: from here on only a reset can tell the client that something is wrong. */
  begun = false;
  /** Octets of the answer have come. */
  heard = false;
  /** Why it is 'malformed'. */
  cause = '';
  /** Header lines to add to the final answer. */
  added = '';
  /** Strict-Transport-Security of the request's route: the line, or "". */
  hsts = '';
  /** An Upgrade went to the server. */
  upgradeAsked = false;
  /** What came after a 101. */
  rest: Buffer | undefined = undefined;
  #text = '';
  #surplus = false;
  /** Nothing of an answer whose end cannot be told from a cut is to be passed on: 'unproven' says that there is one. */
  wantsProvenEnd = false;
  /** Takes the body out of its chunks, for 1.0 clients. */
  #dechunk = false;
  #spans = '';

  constructor(client: AnswerClient) {
    this.#client = client;
  }

  /** For each sending of a request. */
  start(): void {
    this.head.reset();
    this.begun = false;
    this.heard = false;
    this.rest = undefined;
    this.#text = '';
    this.#surplus = false;
    this.#dechunk = false;
  }

  /** After 'done': may the server connection serve another request? */
  get reusable(): boolean {
    return (
      this.head.persistent && !this.#surplus && this.#framing.kind !== 'close' && !this.#announcesUnreadBody
    );
  }

  /** A 204 has no body; where a server says otherwise, it may come later and be taken for the next answer. */
  get #announcesUnreadBody(): boolean {
    const { status, chunked, contentLength } = this.head;
    return status === 204 && (chunked || contentLength > 0);
  }

  /** `lent`: `octets` is read into again only once the client has taken all that was written from it. */
  read(octets: Buffer, length: number, lent: boolean): RelayProgress {
    this.heard = true;
    return this.begun ? this.#body(octets, length, lent) : this.#head(octets, length, lent);
  }

  /** `close`: the answer lasts until the server ends its side. */
  get bodyEnds(): BodyFraming['kind'] {
    return this.#framing.kind;
  }

  /** The server ended its side: complete only where that is what ends the body. */
  ended(): 'done' | 'truncated' {
    return this.begun && this.#framing.kind === 'close' ? 'done' : 'truncated';
  }

  #head(octets: Buffer, length: number, lent: boolean): RelayProgress {
    // A long first read is mostly body: its head is looked for in the front of it.
    let until = this.#text === '' ? Math.min(length, lent ? usualHead : smallOctets) : length;
    let base = -this.#text.length;
    let text = this.#text + octets.toString('latin1', 0, until);
    let free = true;
    this.#text = '';
    for (;;) {
      const end = this.head.parse(text, base === 0 ? octets : undefined);
      if (end === refused) return this.#malformed(this.head.refusal!.cause);
      if (end === needsMore) {
        if (until < length) {
          text += octets.toString('latin1', until, length);
          until = length;
          continue;
        }
        this.#text = text;
        return free ? 'more' : 'held';
      }
      if (this.head.status >= 200) return this.#final(text, base, octets, length, lent);
      if (this.head.status === 101) return this.#switch(text, base, octets, length);
      free = this.#interim(text);
      text = text.slice(end);
      base += end;
      this.head.reset();
    }
  }

  /** 1xx goes on to whoever can understand it. */
  #interim(text: string): boolean {
    if (this.#client.head.minor === 0) return true;
    const plain = { close: false, sayKeepAlive: false, dropFraming: true, added: '', hsts: '', upgrade: '' };
    return this.#client.write(forwardResponse(text, this.head, plain));
  }

  #switch(text: string, base: number, octets: Buffer, length: number): RelayProgress {
    if (!this.upgradeAsked) return this.#malformed('a change of protocol that nobody asked for');
    if (!isAmong(this.head.upgrade, this.#client.head.upgrade))
      return this.#malformed('a change to a protocol that nobody asked for');
    const start = base + this.head.end;
    if (start < length) this.rest = Buffer.from(octets.subarray(start, length));
    this.begun = true;
    this.#client.answerBegins(101, false);
    const switching = {
      close: false,
      sayKeepAlive: false,
      dropFraming: true,
      added: '',
      hsts: this.hsts,
      upgrade: this.head.upgrade,
    };
    this.#client.write(forwardResponse(text, this.head, switching));
    return 'switched';
  }

  /** `base`: where in `octets` the text begins. */
  #final(text: string, base: number, octets: Buffer, length: number, lent: boolean): RelayProgress {
    const { head } = this;
    const client = this.#client;
    const framing = this.#frame();
    if (framing.kind === 'close' && this.wantsProvenEnd) return 'unproven';
    this.#dechunk = framing.kind === 'chunked' && client.head.minor === 0;
    const start = base + head.end;
    const stop = this.#consume(octets, start, length);
    if (stop < 0) return this.#malformed(framing.refusal!.cause);
    this.#surplus = stop < length;
    const close = client.closing || framing.kind === 'close' || this.#dechunk;
    const out = forwardResponse(text, head, {
      close,
      sayKeepAlive: client.head.minor === 0,
      // A 204 can have no body, so nothing may announce one (RFC 9110 8.6).
      dropFraming: this.#dechunk || head.status === 204,
      added: this.added,
      hsts: this.hsts,
      upgrade: '',
    });
    this.begun = true;
    client.answerBegins(head.status, close);
    let free: boolean;
    if (this.#dechunk) free = client.write(out + this.#spans);
    else if (stop - base <= text.length) free = client.write(this.#whole(text, out, stop - base));
    else if (lent && base === 0 && this.#unchanged(text, out))
      free = client.write(octets.subarray(0, stop), true);
    else free = client.write(joined(out, octets, start, stop));
    return framing.done ? 'done' : free ? 'more' : 'held';
  }

  /** Where the head goes on as it came, head and body are already one string. */
  #whole(text: string, out: string, stop: number): string {
    const { end } = this.head;
    if (this.#unchanged(text, out)) return text.slice(0, stop);
    return stop === end ? out : out + text.slice(end, stop);
  }

  #unchanged(text: string, out: string): boolean {
    const { end } = this.head;
    return out.length === end && out === text.slice(0, end);
  }

  /** RFC 9112 6.3. */
  #frame(): BodyFraming {
    const { head } = this;
    if (this.#client.head.method === 'HEAD' || head.status === 204 || head.status === 304)
      this.#framing.start('none');
    else if (head.chunked) this.#framing.start('chunked');
    else if (head.contentLength >= 0) this.#framing.start('length', head.contentLength);
    else this.#framing.start('close');
    return this.#framing;
  }

  #body(octets: Buffer, length: number, lent: boolean): RelayProgress {
    const stop = this.#consume(octets, 0, length);
    if (stop < 0) return this.#malformed(this.#framing.refusal!.cause);
    this.#surplus = stop < length;
    let free: boolean;
    if (this.#dechunk) free = this.#spans === '' || this.#client.write(this.#spans);
    else if (lent) free = this.#client.write(octets.subarray(0, stop), true);
    else free = this.#client.write(copied(octets, stop));
    return this.#framing.done ? 'done' : free ? 'more' : 'held';
  }

  #consume(octets: Buffer, start: number, end: number): number {
    if (!this.#dechunk) return this.#framing.consume(octets, start, end);
    this.#spans = '';
    this.#framing.span = (from, to) => {
      this.#spans += octets.toString('latin1', from, to);
    };
    return this.#framing.consume(octets, start, end);
  }

  #malformed(cause: string): 'malformed' {
    this.cause = cause;
    return 'malformed';
  }
}

/** Is every protocol of `said` one of `asked`, and is there any? Both as an Upgrade header lists them (RFC 9110 7.8). */
function isAmong(said: string, asked: string): boolean {
  const protocols = (list: string) => list.toLowerCase().split(/[ \t]*,[ \t]*/);
  const known = protocols(asked);
  return said !== '' && protocols(said).every((protocol) => known.includes(protocol));
}

/** Head and body in one: over TLS each write is a record of its own. */
function joined(head: string, octets: Buffer, start: number, stop: number): Buffer {
  const whole = Buffer.allocUnsafe(head.length + stop - start);
  whole.write(head, 'latin1');
  octets.copy(whole, head.length, start, stop);
  return whole;
}

/** The read buffer is used again at once, so what is written must not point into it. */
function copied(octets: Buffer, length: number): string | Buffer {
  return length <= smallOctets
    ? octets.toString('latin1', 0, length)
    : Buffer.from(octets.subarray(0, length));
}
