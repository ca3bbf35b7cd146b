// Scans the field lines of a head or a trailer section, strictly (RFC 9112 5): what two parsers could read in two
// ways is refused here, so that no server behind us ever sees it. Nothing is copied; a sink is told the offsets.

import { COLON, CR, HTAB, LF, SP, tokenOctet, valueOctet } from './octets.ts';
import { malformed, type Refusal } from './refusal.ts';

export interface FieldSink {
  /** Start of the first line not yet handed over: where scanning resumes when more text has come. */
  resumeAt: number;
  refusal: Refusal | undefined;
  /** One whole line: name in [line, nameEnd), value in [valueStart, valueEnd), the next line at `next`. */
  field(
    text: string,
    line: number,
    nameEnd: number,
    valueStart: number,
    valueEnd: number,
    next: number,
  ): Refusal | undefined;
}

export const needsMore = 0;
export const refused = -1;

/** Text is scanned as octets, three times as fast as character by character. Filled and read within one call. */
const scratch = Buffer.allocUnsafeSlow(16 * 1024);

function octetsOf(text: string, from: number): Buffer {
  if (text.length > scratch.length) return Buffer.from(text, 'latin1');
  scratch.write(from === 0 ? text : text.slice(from), from, 'latin1');
  return scratch;
}

/**
 * Scans from `sink.resumeAt` to the empty line. Answers the offset after it, `needsMore`, or `refused` with the
 * cause in `sink.refusal`. Called again with a longer text it goes on where it stopped.
 * `octets`: where the caller has them, those that `text` was made from, at the same offsets.
 */
export function scanFields(
  text: string,
  sink: FieldSink,
  octets: Uint8Array = octetsOf(text, sink.resumeAt),
): number {
  const { length } = text;
  let line = sink.resumeAt;
  for (;;) {
    if (line >= length) break;
    let i = line;
    let octet = octets[i]!;
    if (octet === CR) {
      if (i + 1 >= length) break;
      if (octets[i + 1] === LF) {
        sink.resumeAt = line;
        return i + 2;
      }
      return fail(sink, 'a carriage return without a line feed');
    }
    while (i < length && tokenOctet[octets[i]!] === 1) i += 1;
    if (i >= length) break;
    octet = octets[i]!;
    if (octet !== COLON || i === line) return fail(sink, nameFault(octet, i === line));
    const nameEnd = i;
    i += 1;
    while (i < length && isBlank(octets[i]!)) i += 1;
    const valueStart = i;
    while (i < length && valueOctet[octets[i]!] === 1) i += 1;
    if (i >= length) break;
    octet = octets[i]!;
    if (octet !== CR) return fail(sink, valueFault(octet));
    if (i + 1 >= length) break;
    if (octets[i + 1] !== LF) return fail(sink, 'a carriage return without a line feed');
    const next = i + 2;
    while (i > valueStart && isBlank(octets[i - 1]!)) i -= 1;
    const refusal = sink.field(text, line, nameEnd, valueStart, i, next);
    if (refusal !== undefined) {
      sink.refusal = refusal;
      return refused;
    }
    line = next;
  }
  sink.resumeAt = line;
  return needsMore;
}

function isBlank(octet: number): boolean {
  return octet === SP || octet === HTAB;
}

function fail(sink: FieldSink, cause: string): number {
  sink.refusal = malformed(cause);
  return refused;
}

function nameFault(octet: number, atStart: boolean): string {
  if (octet === LF) return 'a line feed without a carriage return';
  if (atStart && isBlank(octet)) return 'a folded header line';
  if (atStart && octet === COLON) return 'an empty header name';
  if (isBlank(octet)) return 'a blank before the colon of a header';
  if (octet === CR) return 'a header line without a colon';
  return 'a character that no header name may hold';
}

function valueFault(octet: number): string {
  if (octet === LF) return 'a line feed without a carriage return';
  return 'a control character in a header value';
}

/** Calls `each` for every element of a comma-separated list, without blanks around it; empty elements are skipped. */
export function eachElement(
  text: string,
  start: number,
  end: number,
  each: (start: number, end: number) => void,
): void {
  let from = start;
  for (let i = start; i <= end; i += 1) {
    if (i < end && text.charCodeAt(i) !== 44) continue;
    let to = i;
    while (from < to && isBlank(text.charCodeAt(from))) from += 1;
    while (to > from && isBlank(text.charCodeAt(to - 1))) to -= 1;
    if (to > from) each(from, to);
    from = i + 1;
  }
}

/**
 * Content-Length: digits only. A number no counter can hold exactly is refused like a word.
 * @returns -1 where it is not a length
 */
export function parseLength(text: string, start: number, end: number): number {
  if (end === start || end - start > 18) return -1;
  let value = 0;
  for (let i = start; i < end; i += 1) {
    const digit = text.charCodeAt(i) - 48;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value <= Number.MAX_SAFE_INTEGER ? value : -1;
}
