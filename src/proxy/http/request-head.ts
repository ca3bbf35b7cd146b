// Reads a request head (RFC 9112 2 to 6) from text in which every character is one octet. One object serves a whole
// client connection. It notes offsets and facts only; forward-request.ts makes from them what the server is sent.

import { hostEnd } from './authority.ts';
import { tellsOfCertificate } from './client-certificate-fields.ts';
import { eachElement, type FieldSink, needsMore, parseLength, refused, scanFields } from './field-lines.ts';
import { CR, isVariable, isWord, LF, SP, targetOctet, tokenOctet } from './octets.ts';
import { malformed, type Refusal, refuse } from './refusal.ts';

const idempotentMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE']);

/** Names a client may not have removed on the way by listing them in Connection: requests are delimited or routed by them. */
const notHopByHop = ['host', 'content-length', 'transfer-encoding'] as const;

export class RequestHead implements FieldSink {
  // Of the sink: see field-lines.ts.
  resumeAt = 0;
  refusal: Refusal | undefined = undefined;

  method = '';
  /** As sent: "/a?b", "http://host/a", "*". */
  target = '';
  /** Where the line of request ends (after its CRLF), and the whole head. */
  lineEnd = 0;
  end = 0;
  minor: 0 | 1 = 1;
  /** The request line cannot be sent on as it came: absolute form, or another version than 1.1. */
  rewriteLine = false;
  /** Origin form (or "*") of an absolute target; "" otherwise. */
  originTarget = '';
  /** Host and port of an absolute target: it replaces what Host says (RFC 9112 3.2.2). */
  authority = '';
  /** The value of Host, and where its host part ends in it; undefined where a 1.0 request has none. */
  host: string | undefined = undefined;
  hostName = '';
  /** -1: no Content-Length. */
  contentLength = -1;
  chunked = false;
  expectContinue = false;
  /** Connection: close, keep-alive, upgrade were asked for. */
  close = false;
  keepAlive = false;
  connectionUpgrade = false;
  /** Value of Upgrade, "" for none. */
  upgrade = '';
  /** Lines that never go on: pairs of offsets, ascending. */
  cuts: number[] = [];
  /** Lines that a bind or a backend decides about. */
  cookies: number[] = [];
  forwarded: number[] = [];
  hostLine = -1;
  hostNext = -1;
  /** Names that Connection listed, lower case; undefined in the usual case. */
  listed: string[] | undefined = undefined;

  #started = false;
  readonly #secure: boolean;

  /** `secure`: it comes over TLS. */
  constructor(secure = false) {
    this.#secure = secure;
  }

  reset(): void {
    this.resumeAt = 0;
    this.refusal = undefined;
    this.lineEnd = 0;
    this.rewriteLine = false;
    this.originTarget = '';
    this.authority = '';
    this.host = undefined;
    this.hostName = '';
    this.contentLength = -1;
    this.chunked = false;
    this.expectContinue = false;
    this.close = false;
    this.keepAlive = false;
    this.connectionUpgrade = false;
    this.upgrade = '';
    if (this.cuts.length > 0) this.cuts = [];
    if (this.cookies.length > 0) this.cookies = [];
    if (this.forwarded.length > 0) this.forwarded = [];
    this.hostLine = -1;
    this.listed = undefined;
    this.#started = false;
  }

  /**
   * Reads the head at the start of `text`; goes on where it stopped when called again with more text.
   * Answers the offset after the head, `needsMore`, or `refused` (then `refusal` says why).
   */
  parse(text: string, maxBytes: number): number {
    if (!this.#started) {
      const lineEnd = this.#requestLine(text, maxBytes);
      if (lineEnd <= 0) return lineEnd;
      this.lineEnd = lineEnd;
      this.resumeAt = lineEnd;
      this.#started = true;
    }
    const end = scanFields(text, this);
    if (end === refused) return refused;
    if (end > maxBytes || (end === needsMore && text.length > maxBytes))
      return this.#refuse(refuse(431, `the request head is larger than ${maxBytes} bytes`));
    if (end === needsMore) return needsMore;
    this.end = end;
    const refusal = this.#judge();
    return refusal === undefined ? end : this.#refuse(refusal);
  }

  /** May it be sent again when the first sending got no answer? (RFC 9110 9.2.2) */
  get repeatable(): boolean {
    return this.contentLength <= 0 && !this.chunked && idempotentMethods.has(this.method);
  }

  /** Does the client want this connection kept after the answer? */
  get persistent(): boolean {
    return this.minor === 1 ? !this.close : this.keepAlive && !this.close;
  }

  #refuse(refusal: Refusal): number {
    this.refusal = refusal;
    return refused;
  }

  /** End of the request line, `needsMore` or `refused`. */
  #requestLine(text: string, maxBytes: number): number {
    const length = text.length;
    let i = 0;
    while (i < length && tokenOctet[text.charCodeAt(i)] === 1) i += 1;
    if (i >= length) return this.#lineOpen(length, maxBytes);
    if (i === 0 || text.charCodeAt(i) !== SP)
      return this.#refuse(malformed('no method at the start of the request'));
    const methodEnd = i;
    i += 1;
    while (i < length && targetOctet[text.charCodeAt(i)] === 1) i += 1;
    if (i >= length) return this.#lineOpen(length, maxBytes);
    const targetEnd = i;
    if (targetEnd === methodEnd + 1) return this.#refuse(malformed('no target after the method'));
    if (text.charCodeAt(i) !== SP)
      return this.#refuse(
        malformed(
          text.charCodeAt(i) === CR || text.charCodeAt(i) === LF
            ? 'no HTTP version in the request line'
            : 'a character that no request target may hold',
        ),
      );
    const version = targetEnd + 1;
    if (length < version + 10) {
      const rest = text.slice(version);
      if (rest.length > 5 ? !rest.startsWith('HTTP/') : !'HTTP/'.startsWith(rest))
        return this.#refuse(malformed('no HTTP version in the request line'));
      if (rest.includes('\n')) return this.#refuse(malformed('a malformed end of the request line'));
      return this.#lineOpen(length, maxBytes);
    }
    if (version + 10 > maxBytes) return this.#tooLong(maxBytes);
    const refusal = this.#version(text, version) ?? this.#target(text, methodEnd, targetEnd);
    return refusal === undefined ? version + 10 : this.#refuse(refusal);
  }

  #lineOpen(length: number, maxBytes: number): number {
    return length > maxBytes ? this.#tooLong(maxBytes) : needsMore;
  }

  #tooLong(maxBytes: number): number {
    return this.#refuse(refuse(414, `the request line is longer than ${maxBytes} bytes`));
  }

  /** "HTTP/1.1" CRLF. A higher minor version is read as 1.1 (RFC 9110 2.5) and sent on as that. */
  #version(text: string, at: number): Refusal | undefined {
    const major = text.charCodeAt(at + 5) - 48;
    const minor = text.charCodeAt(at + 7) - 48;
    if (!text.startsWith('HTTP/', at) || text.charCodeAt(at + 6) !== 46)
      return malformed('no HTTP version in the request line');
    if (major < 0 || major > 9 || minor < 0 || minor > 9)
      return malformed('no HTTP version in the request line');
    if (text.charCodeAt(at + 8) !== CR || text.charCodeAt(at + 9) !== LF)
      return malformed('a malformed end of the request line');
    if (major !== 1) return refuse(505, 'only HTTP/1.0 and HTTP/1.1 are spoken here');
    this.minor = minor === 0 ? 0 : 1;
    if (minor !== 1) this.rewriteLine = true;
    return undefined;
  }

  #target(text: string, methodEnd: number, targetEnd: number): Refusal | undefined {
    const start = methodEnd + 1;
    // The usual ones are constants, so that the row and the log hold no slice of a read buffer's text for them.
    this.method = methodEnd === 3 && text.startsWith('GET') ? 'GET' : text.slice(0, methodEnd);
    this.target = text.slice(start, targetEnd);
    if (this.method === 'CONNECT') return refuse(405, 'CONNECT is not served here');
    if (text.charCodeAt(start) === 47) return undefined;
    if (this.target === '*')
      return this.method === 'OPTIONS' ? undefined : malformed('the target "*" is for OPTIONS only');
    return this.#absolute(text, start, targetEnd);
  }

  #absolute(text: string, start: number, end: number): Refusal | undefined {
    const from = this.#authorityStart(text, start, end);
    if (from < 0) return malformed('a request target that is neither a path nor an http URL');
    let to = from;
    while (to < end && !'/?'.includes(text.charAt(to))) to += 1;
    const host = hostEnd(text, from, to);
    if (host < 0) return malformed('an invalid host in the request target');
    this.rewriteLine = true;
    this.authority = text.slice(from, to);
    this.hostName = text.slice(from, host);
    const path = text.slice(to, end);
    if (path === '') this.originTarget = this.method === 'OPTIONS' ? '*' : '/';
    else this.originTarget = path.startsWith('/') ? path : `/${path}`;
    return undefined;
  }

  /** After "http://", or "https://", which may only be asked for over TLS (RFC 9110 4.2.2); or -1. */
  #authorityStart(text: string, start: number, end: number): number {
    if (isWord(text, start, Math.min(start + 7, end), 'http://')) return start + 7;
    return this.#secure && isWord(text, start, Math.min(start + 8, end), 'https://') ? start + 8 : -1;
  }

  field(
    text: string,
    line: number,
    nameEnd: number,
    start: number,
    end: number,
    next: number,
  ): Refusal | undefined {
    if (tellsOfCertificate(text, line, nameEnd)) {
      this.cuts.push(line, next);
      return undefined;
    }
    switch (nameEnd - line) {
      case 2:
        if (isWord(text, line, nameEnd, 'te')) this.cuts.push(line, next);
        return undefined;
      case 4:
        return isWord(text, line, nameEnd, 'host') ? this.#host(text, line, start, end, next) : undefined;
      case 6:
        if (isWord(text, line, nameEnd, 'cookie')) this.cookies.push(line, start, end, next);
        else if (isWord(text, line, nameEnd, 'expect')) return this.#expect(text, line, start, end, next);
        return undefined;
      case 7:
        if (isWord(text, line, nameEnd, 'upgrade')) {
          this.cuts.push(line, next);
          this.upgrade =
            this.upgrade === '' ? text.slice(start, end) : `${this.upgrade}, ${text.slice(start, end)}`;
        }
        return undefined;
      case 9:
        if (isWord(text, line, nameEnd, 'forwarded')) this.forwarded.push(4, line, start, end, next);
        return undefined;
      case 10:
        if (isWord(text, line, nameEnd, 'connection')) {
          // True of the server's connection as well, so it goes on: most clients send this line.
          if (isWord(text, start, end, 'keep-alive')) {
            this.keepAlive = true;
            return undefined;
          }
          this.cuts.push(line, next);
          return this.#connection(text, start, end);
        }
        if (isWord(text, line, nameEnd, 'keep-alive')) this.cuts.push(line, next);
        return undefined;
      case 14:
        if (isWord(text, line, nameEnd, 'content-length')) return this.#contentLength(text, start, end);
        if (isWord(text, line, nameEnd, 'http2-settings')) this.cuts.push(line, next);
        return undefined;
      case 15:
        if (isVariable(text, line, nameEnd, 'x-forwarded-for'))
          this.forwarded.push(0, line, start, end, next);
        return undefined;
      case 16:
        if (isWord(text, line, nameEnd, 'proxy-connection')) this.cuts.push(line, next);
        else if (isVariable(text, line, nameEnd, 'x-forwarded-host'))
          this.forwarded.push(2, line, start, end, next);
        else if (isVariable(text, line, nameEnd, 'x-forwarded-port'))
          this.forwarded.push(3, line, start, end, next);
        return undefined;
      case 17:
        if (isWord(text, line, nameEnd, 'transfer-encoding')) return this.#transferEncoding(text, start, end);
        if (isVariable(text, line, nameEnd, 'x-forwarded-proto'))
          this.forwarded.push(1, line, start, end, next);
        return undefined;
      default:
        return undefined;
    }
  }

  #host(text: string, line: number, start: number, end: number, next: number): Refusal | undefined {
    if (this.hostLine >= 0) return malformed('more than one Host header');
    const name = hostEnd(text, start, end);
    if (name < 0) return malformed(start === end ? 'an empty Host header' : 'an invalid Host header');
    this.hostLine = line;
    this.hostNext = next;
    this.host = text.slice(start, end);
    if (this.authority === '') this.hostName = name === end ? this.host : text.slice(start, name);
    return undefined;
  }

  #expect(text: string, line: number, start: number, end: number, next: number): Refusal | undefined {
    if (!isWord(text, start, end, '100-continue'))
      return refuse(417, 'an expectation other than 100-continue');
    // A 1.0 client cannot be sent an interim answer (RFC 9110 10.1.1).
    if (this.minor === 0) this.cuts.push(line, next);
    else this.expectContinue = true;
    return undefined;
  }

  #connection(text: string, start: number, end: number): Refusal | undefined {
    let refusal: Refusal | undefined;
    eachElement(text, start, end, (from, to) => {
      if (isWord(text, from, to, 'close')) this.close = true;
      else if (isWord(text, from, to, 'keep-alive')) this.keepAlive = true;
      else if (isWord(text, from, to, 'upgrade')) this.connectionUpgrade = true;
      else {
        const name = text.slice(from, to).toLowerCase();
        for (const kept of notHopByHop)
          if (name === kept) refusal = malformed('a Connection header that names Host or the message length');
        this.listed ??= [];
        this.listed.push(name);
      }
    });
    return refusal;
  }

  #contentLength(text: string, start: number, end: number): Refusal | undefined {
    if (this.contentLength >= 0) return malformed('more than one Content-Length');
    this.contentLength = parseLength(text, start, end);
    return this.contentLength < 0 ? malformed('an invalid Content-Length') : undefined;
  }

  #transferEncoding(text: string, start: number, end: number): Refusal | undefined {
    if (this.chunked) return malformed('more than one Transfer-Encoding');
    if (this.minor === 0) return malformed('Transfer-Encoding in an HTTP/1.0 request');
    if (!isWord(text, start, end, 'chunked')) {
      const known = /^[a-z]+ *, *chunked$/i.test(text.slice(start, end));
      return known
        ? refuse(501, 'a transfer coding other than chunked')
        : malformed('an invalid Transfer-Encoding');
    }
    this.chunked = true;
    return undefined;
  }

  /** What only the whole head can tell. */
  #judge(): Refusal | undefined {
    if (this.host === undefined && this.minor === 1) return malformed('no Host header');
    if (this.chunked && this.contentLength >= 0)
      return malformed('both Content-Length and Transfer-Encoding');
    if (this.method === 'TRACE' && (this.chunked || this.contentLength > 0))
      return malformed('a TRACE request with a body');
    return undefined;
  }
}
