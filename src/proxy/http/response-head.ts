// Reads a server's response head (RFC 9112 4 to 6), as strictly as a request's: an answer that two clients could read
// differently is not passed on. One object serves a server connection.

import { eachElement, type FieldSink, needsMore, parseLength, refused, scanFields } from './field-lines.ts';
import { CR, isWord, LF, SP, valueOctet } from './octets.ts';
import { malformed, type Refusal } from './refusal.ts';

/** Larger than any bind's limit for requests: servers are trusted with more, not with everything. */
export const maxResponseHeadBytes = 65_536;

export const strictTransportSecurity = 'strict-transport-security';

export class ResponseHead implements FieldSink {
  resumeAt = 0;
  refusal: Refusal | undefined = undefined;

  status = 0;
  minor: 0 | 1 = 1;
  lineEnd = 0;
  end = 0;
  contentLength = -1;
  chunked = false;
  close = false;
  keepAlive = false;
  connectionUpgrade = false;
  upgrade = '';
  /** Lines that never go on: pairs of offsets, ascending. */
  cuts: number[] = [];
  /** A line that says no more than "Connection: keep-alive" goes on where that is true of the client's connection too. */
  keepAliveLine = -1;
  keepAliveNext = -1;
  listed: string[] | undefined = undefined;
  /** The server speaks of Strict-Transport-Security itself. */
  hsts = false;

  reset(): void {
    this.resumeAt = 0;
    this.refusal = undefined;
    this.lineEnd = 0;
    this.contentLength = -1;
    this.chunked = false;
    this.close = false;
    this.keepAlive = false;
    this.connectionUpgrade = false;
    this.upgrade = '';
    if (this.cuts.length > 0) this.cuts = [];
    this.keepAliveLine = -1;
    this.listed = undefined;
    this.hsts = false;
  }

  /** As RequestHead.parse. `octets`: as scanFields takes them. */
  parse(text: string, octets?: Uint8Array): number {
    if (this.lineEnd === 0) {
      const lineEnd = this.#statusLine(text);
      if (lineEnd <= 0) {
        if (lineEnd === needsMore && text.length > maxResponseHeadBytes)
          return this.#fail('a head that is too large');
        return lineEnd;
      }
      this.lineEnd = lineEnd;
      this.resumeAt = lineEnd;
    }
    const end = scanFields(text, this, octets);
    if (end === refused) return refused;
    if (end > maxResponseHeadBytes || (end === needsMore && text.length > maxResponseHeadBytes))
      return this.#fail('a head that is too large');
    if (end === needsMore) return needsMore;
    this.end = end;
    if (this.chunked && this.contentLength >= 0)
      return this.#fail('both Content-Length and Transfer-Encoding');
    return end;
  }

  /** May the server connection serve another request after this answer? */
  get persistent(): boolean {
    return this.minor === 1 ? !this.close : this.keepAlive && !this.close;
  }

  #fail(cause: string): number {
    this.refusal = malformed(cause);
    return refused;
  }

  /** "HTTP/1.1 200 OK" CRLF; the reason and even the blank before it may be missing. */
  #statusLine(text: string): number {
    const length = text.length;
    if (length < 13) {
      const start = text.slice(0, 7);
      return start === 'HTTP/1.'.slice(0, start.length) ? needsMore : this.#fail('no HTTP/1 status line');
    }
    const minor = text.charCodeAt(7) - 48;
    if (!text.startsWith('HTTP/1.') || minor < 0 || minor > 9 || text.charCodeAt(8) !== SP)
      return this.#fail('no HTTP/1 status line');
    let status = 0;
    for (let i = 9; i < 12; i += 1) {
      const digit = text.charCodeAt(i) - 48;
      if (digit < 0 || digit > 9) return this.#fail('an invalid status');
      status = status * 10 + digit;
    }
    if (status < 100 || status > 599) return this.#fail('an invalid status');
    let i = 12;
    if (text.charCodeAt(i) !== SP && text.charCodeAt(i) !== CR) return this.#fail('an invalid status');
    while (i < length && valueOctet[text.charCodeAt(i)] === 1) i += 1;
    if (i >= length) return needsMore;
    if (text.charCodeAt(i) !== CR) return this.#fail('a control character in the status line');
    if (i + 1 >= length) return needsMore;
    if (text.charCodeAt(i + 1) !== LF) return this.#fail('a carriage return without a line feed');
    this.status = status;
    this.minor = minor === 0 ? 0 : 1;
    return i + 2;
  }

  field(
    text: string,
    line: number,
    nameEnd: number,
    start: number,
    end: number,
    next: number,
  ): Refusal | undefined {
    switch (nameEnd - line) {
      case 7:
        if (isWord(text, line, nameEnd, 'upgrade')) {
          this.cuts.push(line, next);
          this.upgrade = text.slice(start, end);
        }
        return undefined;
      case 10:
        if (isWord(text, line, nameEnd, 'connection')) {
          this.#connection(text, line, start, end, next);
        } else if (isWord(text, line, nameEnd, 'keep-alive')) this.cuts.push(line, next);
        return undefined;
      case 14:
        return isWord(text, line, nameEnd, 'content-length')
          ? this.#contentLength(text, line, start, end, next)
          : undefined;
      case 16:
        if (isWord(text, line, nameEnd, 'proxy-connection')) this.cuts.push(line, next);
        return undefined;
      case 17:
        return isWord(text, line, nameEnd, 'transfer-encoding')
          ? this.#transferEncoding(text, start, end)
          : undefined;
      case 25:
        if (isWord(text, line, nameEnd, strictTransportSecurity)) this.hsts = true;
        return undefined;
      default:
        return undefined;
    }
  }

  #connection(text: string, line: number, start: number, end: number, next: number): void {
    if (this.keepAliveLine === -1 && isWord(text, start, end, 'keep-alive')) {
      this.keepAlive = true;
      this.keepAliveLine = line;
      this.keepAliveNext = next;
      return;
    }
    this.cuts.push(line, next);
    eachElement(text, start, end, (from, to) => {
      if (isWord(text, from, to, 'close')) this.close = true;
      else if (isWord(text, from, to, 'keep-alive')) this.keepAlive = true;
      else if (isWord(text, from, to, 'upgrade')) this.connectionUpgrade = true;
      else {
        this.listed ??= [];
        this.listed.push(text.slice(from, to).toLowerCase());
      }
    });
  }

  /** The same length said twice is one length (RFC 9112 6.3); the second line does not go on. */
  #contentLength(text: string, line: number, start: number, end: number, next: number): Refusal | undefined {
    const length = parseLength(text, start, end);
    if (length < 0) return malformed('an invalid Content-Length');
    if (this.contentLength >= 0) {
      if (this.contentLength !== length) return malformed('two different Content-Lengths');
      this.cuts.push(line, next);
      return undefined;
    }
    this.contentLength = length;
    return undefined;
  }

  #transferEncoding(text: string, start: number, end: number): Refusal | undefined {
    if (this.chunked || !isWord(text, start, end, 'chunked'))
      return malformed('a Transfer-Encoding other than one "chunked"');
    if (this.minor === 0) return malformed('Transfer-Encoding in an HTTP/1.0 answer');
    this.chunked = true;
    return undefined;
  }
}
