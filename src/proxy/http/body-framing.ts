// Where a message body ends (RFC 9112 6 and 7). Consumes octets as they come and tells how many belong to the message;
// the octets themselves are relayed as they are, so chunk framing is validated here and never made anew.
//
//   length    remaining ──► done
//   chunked   size → (extension) → size LF → data → data CR → data LF → size …
//                                     └─ size 0 → trailer → done
//   close     until the peer ends the connection, however it ends it: the owner judges that

import { isChunkExtension } from './chunk-extension.ts';
import { refused, scanFields } from './field-lines.ts';
import { CR, hexValue, LF } from './octets.ts';
import { malformed, type Refusal } from './refusal.ts';
import { Trailer } from './trailer.ts';

export type BodyKind = 'none' | 'length' | 'chunked' | 'close';

type ChunkPart = 'size' | 'extension' | 'size-lf' | 'data' | 'data-cr' | 'data-lf' | 'trailer';

const maxExtensionOctets = 1_024;
const maxTrailerOctets = 8_192;
/** Enough for 2^52; more digits are an attempt to overflow somebody's counter. */
const maxSizeDigits = 13;

export class BodyFraming {
  kind: BodyKind = 'none';
  done = true;
  refusal: Refusal | undefined = undefined;
  /** Octets of content seen so far, without framing. */
  content = 0;
  /** Told the spans of content in the octets being consumed: for who must take a body out of its chunks. */
  span: ((start: number, end: number) => void) | undefined = undefined;

  #remaining = 0;
  #part: ChunkPart = 'size';
  #digits = 0;
  #extension = '';
  #trailer: Trailer | undefined = undefined;

  /** `length`: content octets, for kind 'length' alone. */
  start(kind: BodyKind, length = 0): void {
    this.kind = kind;
    this.refusal = undefined;
    this.content = 0;
    this.span = undefined;
    this.done = kind === 'none' || (kind === 'length' && length === 0);
    this.#remaining = length;
    this.#part = 'size';
    this.#digits = 0;
    this.#trailer = undefined;
  }

  /** Of `available` octets, those that belong to a body of known length; for kind 'length' alone. */
  takeLength(available: number): number {
    const taken = Math.min(available, this.#remaining);
    this.#remaining -= taken;
    this.content += taken;
    if (this.#remaining === 0) this.done = true;
    return taken;
  }

  /** Offset in `octets` after the last one that belongs to the message, or -1 where the framing is broken. */
  consume(octets: Buffer, start: number, end: number): number {
    if (this.done) return start;
    switch (this.kind) {
      case 'none':
        return start;
      case 'length': {
        const taken = this.takeLength(end - start);
        if (taken > 0) this.span?.(start, start + taken);
        return start + taken;
      }
      case 'close':
        this.content += end - start;
        this.span?.(start, end);
        return end;
      case 'chunked':
        return this.#chunked(octets, start, end);
    }
  }

  #chunked(octets: Buffer, start: number, end: number): number {
    let i = start;
    while (i < end) {
      const octet = octets[i]!;
      switch (this.#part) {
        case 'size':
          if (!this.#size(octet)) return -1;
          i += 1;
          break;
        case 'extension':
          if (!this.#extend(octet)) return -1;
          i += 1;
          break;
        case 'size-lf':
          if (octet !== LF) return this.#fail('a malformed end of a chunk size line');
          i += 1;
          this.#digits = 0;
          this.#part = this.#remaining === 0 ? 'trailer' : 'data';
          break;
        case 'data': {
          const taken = Math.min(end - i, this.#remaining);
          this.content += taken;
          this.#remaining -= taken;
          this.span?.(i, i + taken);
          i += taken;
          if (this.#remaining === 0) this.#part = 'data-cr';
          break;
        }
        case 'data-cr':
          if (octet !== CR) return this.#fail('a chunk longer than its size');
          i += 1;
          this.#part = 'data-lf';
          break;
        case 'data-lf':
          if (octet !== LF) return this.#fail('a malformed end of a chunk');
          i += 1;
          this.#part = 'size';
          break;
        case 'trailer':
          return this.#trailers(octets, i, end);
      }
    }
    return i;
  }

  #size(octet: number): boolean {
    const digit = hexValue[octet]!;
    if (digit >= 0) {
      if (this.#digits === 0) this.#remaining = 0;
      this.#digits += 1;
      if (this.#digits > maxSizeDigits) return this.#fault('a chunk size with too many digits');
      this.#remaining = this.#remaining * 16 + digit;
      return true;
    }
    if (this.#digits === 0) return this.#fault('an invalid chunk size');
    if (octet === CR) this.#part = 'size-lf';
    else {
      this.#extension = '';
      this.#part = 'extension';
      return this.#extend(octet);
    }
    return true;
  }

  #extend(octet: number): boolean {
    if (octet === CR) {
      if (!isChunkExtension(this.#extension)) return this.#fault('an invalid chunk size or extension');
      this.#part = 'size-lf';
      return true;
    }
    if (octet === LF) return this.#fault('a line feed without a carriage return');
    if (this.#extension.length >= maxExtensionOctets)
      return this.#fault('a chunk extension that is too long');
    this.#extension += String.fromCharCode(octet);
    return true;
  }

  #trailers(octets: Buffer, start: number, end: number): number {
    this.#trailer ??= new Trailer();
    const trailer = this.#trailer;
    const before = trailer.text.length;
    // The end of the trailers may be far before the end of what came: pipelined octets are not ours to keep.
    const room = Math.min(end, start + maxTrailerOctets + 4 - before);
    trailer.text += octets.toString('latin1', start, room);
    const at = scanFields(trailer.text, trailer);
    if (at === refused) {
      this.refusal = trailer.refusal;
      return -1;
    }
    if (at > 0) {
      this.done = true;
      return start + at - before;
    }
    return trailer.text.length > maxTrailerOctets ? this.#fail('trailers that are too large') : room;
  }

  #fault(cause: string): false {
    this.refusal = malformed(cause);
    return false;
  }

  #fail(cause: string): -1 {
    this.refusal = malformed(cause);
    return -1;
  }
}
