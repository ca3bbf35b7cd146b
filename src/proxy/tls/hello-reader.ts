// Gathers a ClientHello from what a client sends first, over any number of segments and records, and tells what else it
// may be: plain HTTP, SSLv2, an alert, noise. Each byte is looked at once and copied at most a constant number of times.

import { type ClientHello, type HelloRefusal, parseClientHello } from './client-hello.ts';

/** What a ClientHello may take, record headers included: browsers' are under 2 KiB. */
export const maxHelloBytes = 65_536;
const maxRecordBytes = 16_384;
const handshake = 22;
const alert = 21;
const clientHello = 1;

export type HelloState =
  | { readonly at: 'more' }
  | { readonly at: 'hello'; readonly hello: ClientHello }
  | { readonly at: 'refused'; readonly refusal: HelloRefusal };

const more: HelloState = { at: 'more' };

const methods = 'GET HEAD POST PUT DELETE OPTIONS PATCH CONNECT TRACE PRI PROPFIND'
  .split(' ')
  .map((m) => `${m} `);

export class HelloReader {
  readonly #chunks: Buffer[] = [];
  #size = 0;
  #state: HelloState = more;
  /** The record's header, and the handshake messages in the records so far, without their headers. */
  readonly #header = Buffer.alloc(5);
  #headerSize = 0;
  #recordLeft = 0;
  #message: Buffer = Buffer.alloc(0);
  #messageSize = 0;
  #gathering = false;
  #begun = false;

  /** All that was pushed, as it came: whoever carries on the connection reads it again. */
  get bytes(): Buffer {
    return this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks, this.#size);
  }

  get size(): number {
    return this.#size;
  }

  /** Not again once it answered something else than 'more'. */
  push(chunk: Buffer): HelloState {
    if (this.#state.at !== 'more' || chunk.length === 0) return this.#state;
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    this.#state = this.#read(chunk);
    if (this.#state.at === 'more' && this.#size > maxHelloBytes) this.#state = tooLong;
    return this.#state;
  }

  #read(chunk: Buffer): HelloState {
    if (!this.#begun) {
      const strange = whatElse(this.#size === chunk.length ? chunk : this.bytes);
      if (strange !== 'tls') return strange;
      this.#begun = true;
    }
    let at = 0;
    while (at < chunk.length) {
      if (this.#headerSize < 5) {
        const part = Math.min(5 - this.#headerSize, chunk.length - at);
        chunk.copy(this.#header, this.#headerSize, at, at + part);
        this.#headerSize += part;
        at += part;
        if (this.#headerSize < 5) return more;
        const refusal = this.#recordBegins();
        if (refusal !== undefined) return { at: 'refused', refusal };
      }
      const part = Math.min(this.#recordLeft, chunk.length - at);
      this.#append(chunk, at, at + part);
      at += part;
      this.#recordLeft -= part;
      if (this.#recordLeft === 0) this.#headerSize = 0;
      const found = this.#whole();
      if (found.at !== 'more') return found;
    }
    return more;
  }

  #recordBegins(): HelloRefusal | undefined {
    const header = this.#header;
    const length = header.readUInt16BE(3);
    if (header[0] !== handshake)
      return { alert: 'unexpected_message', cause: 'another record came in the middle of the ClientHello' };
    // The minor version is to be passed over (RFC 8446 5.1).
    if (header[1] !== 3) return notTls;
    if (length === 0) return { alert: 'decode_error', cause: 'an empty record in the ClientHello' };
    if (length > maxRecordBytes)
      return { alert: 'record_overflow', cause: 'a record of the ClientHello is longer than 16 KiB' };
    this.#recordLeft = length;
    return undefined;
  }

  /** Mostly all of it is in one record of one chunk, and stays where it is; else it is gathered, with room to grow. */
  #append(chunk: Buffer, start: number, end: number): void {
    const size = this.#messageSize + end - start;
    if (this.#messageSize === 0) this.#message = chunk.subarray(start, end);
    else {
      if (!this.#gathering || size > this.#message.length) {
        const larger = Buffer.allocUnsafeSlow(Math.max(size, this.#messageSize * 2));
        this.#message.copy(larger, 0, 0, this.#messageSize);
        this.#message = larger;
        this.#gathering = true;
      }
      chunk.copy(this.#message, this.#messageSize, start, end);
    }
    this.#messageSize = size;
  }

  #whole(): HelloState {
    if (this.#messageSize === 0) return more;
    const message = this.#message;
    if (message[0] !== clientHello)
      return refusedWith({ alert: 'unexpected_message', cause: 'the first message is no ClientHello' });
    if (this.#messageSize < 4) return more;
    const length = message.readUIntBE(1, 3);
    if (length > maxHelloBytes) return tooLong;
    if (this.#messageSize < 4 + length) return more;
    const parsed = parseClientHello(message.subarray(4, 4 + length));
    return 'cause' in parsed ? refusedWith(parsed) : { at: 'hello', hello: parsed };
  }
}

const refusedWith = (refusal: HelloRefusal): HelloState => ({ at: 'refused', refusal });

const tooLong = refusedWith({ alert: 'illegal_parameter', cause: 'the ClientHello is longer than 64 KiB' });
const notTls: HelloRefusal = { alert: 'protocol_version', cause: 'this is not TLS' };

/** By the first bytes of all: 'tls' from the first one on that can only be a handshake record. */
function whatElse(bytes: Buffer): HelloState | 'tls' {
  const first = bytes[0]!;
  if (first === handshake) return 'tls';
  if (first === alert) {
    // Who greets with an alert is not talking to us, and is not answered.
    return refusedWith({ alert: undefined, cause: 'the client began with an alert' });
  }
  // SSLv2's header: two bytes of length with the highest bit set, then the type of a ClientHello.
  if (first >= 0x80) {
    if (bytes.length < 3) return more;
    return bytes[2] === clientHello
      ? refusedWith({ alert: 'protocol_version', cause: 'an SSLv2 ClientHello' })
      : refusedWith(notTls);
  }
  const text = bytes.toString('latin1', 0, 12);
  if (methods.some((method) => text.startsWith(method)))
    return refusedWith({ alert: undefined, cause: 'plain HTTP on a port for TLS', plainHttp: true });
  return methods.some((method) => method.startsWith(text)) ? more : refusedWith(notTls);
}
