// One ended stream as one line: HAProxy's own formats (2.6 manual, 8.2.2 and 8.2.3), or JSON.
// Whatever came from the network is escaped, so a line is one line and a terminal that shows it is safe.

import type { StreamRecord } from '../domain/connection.ts';
import type { AccessLog } from '../domain/plan.ts';

export type LineFormat = (record: StreamRecord) => string;

/** Without a line end. */
export function lineFormat(format: AccessLog['format']): LineFormat {
  return format === 'json' ? jsonLine : haproxyLine;
}

export function haproxyLine(record: StreamRecord): string {
  if (record.mode === 'http') return httpLine(record);
  return record.cause !== undefined && isHandshakeFailure(record) ? handshakeLine(record) : tcpLine(record);
}

/** Nothing was relayed: it ended while we read its ClientHello, or while we shook hands. */
function isHandshakeFailure({ termination, handshake }: StreamRecord): boolean {
  return termination[1] === 'R' && handshake === undefined;
}

/**
 * `%ci:%cp [%tr] %ft/%bi: why` (8.2.6), which HAProxy has for connections that never became a stream. It numbers the
 * binds of a frontend; here each is one of its own. What we know of the cause stands in brackets behind its words.
 */
function handshakeLine(record: StreamRecord): string {
  const { at, bind, cause = '' } = record;
  return (
    `${client(record.client)} [${logDate(at)}] ${word(bind)}/1: ${handshakeWords(record)}` +
    ` (${escapeText(cause)})`
  );
}

/** "Closed" is who left before its ClientHello was whole; after that it is a handshake that failed. */
function handshakeWords({ termination, tls, sni, cause = '' }: StreamRecord): string {
  const [who] = termination;
  if (who === 'c') return 'Timeout during SSL handshake';
  const asked = tls !== undefined || sni !== undefined || cause.includes(' alert ');
  return who === 'C' && !asked ? 'Connection closed during SSL handshake' : 'SSL handshake failure';
}

/** `%ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %CC %CS %tsc %ac/%fc/%bc/%sc/%rc %sq/%bq %{+Q}r`; we capture nothing. */
function httpLine(record: StreamRecord): string {
  const { TR, Tw, Tc, Tr, Ta } = record.timers;
  return (
    `${client(record.client)} [${logDate(record.at)}] ${frontend(record)} ${where(record)}` +
    ` ${TR}/${Tw}/${Tc}/${Tr}/${Ta} ${record.status ?? -1} ${record.bytesOut} - - ${letters(record)}` +
    ` ${counts(record)} "${requestLine(record)}"`
  );
}

/** `%ci:%cp [%t] %ft %b/%s %Tw/%Tc/%Tt %B %ts %ac/%fc/%bc/%sc/%rc %sq/%bq` */
function tcpLine(record: StreamRecord): string {
  const { Tw, Tc, Ta } = record.timers;
  return (
    `${client(record.client)} [${logDate(record.at)}] ${word(record.bind)} ${where(record)}` +
    ` ${Tw}/${Tc}/${Ta} ${record.bytesOut} ${record.termination.slice(0, 2)} ${counts(record)}`
  );
}

/** `%ft`: with "~" where its TLS was ended here. */
function frontend({ bind, handshake }: StreamRecord): string {
  return handshake === undefined ? word(bind) : `${word(bind)}~`;
}

function letters({ termination }: StreamRecord): string {
  return termination.length === 4 ? termination : termination.padEnd(4, '-');
}

/** HAProxy writes an IPv6 address without brackets, and a unix client as "unix" with the listener's number. */
function client(text: string): string {
  if (text.startsWith('unix')) return 'unix:1';
  return text.startsWith('[') ? text.replace('[', '').replace(']', '') : text;
}

function where({ bind, backend, server }: StreamRecord): string {
  // Where no backend was chosen HAProxy names the frontend: it is the stream's proxy until then.
  return `${word(backend ?? bind)}/${server === undefined ? '<NOSRV>' : serverWord(server)}`;
}

function counts({ connections, retries, redispatched, queue }: StreamRecord): string {
  const [process, bind, backend, server] = connections;
  return `${process}/${bind}/${backend}/${server}/${redispatched ? '+' : ''}${retries} ${queue[0]}/${queue[1]}`;
}

/** HAProxy keeps at most so much of a request line (REQURI_LEN). */
const requestLineLimit = 1_023;

function requestLine({ method, path, version }: StreamRecord): string {
  if (method === undefined) return '<BADREQ>';
  // Part by part: a line just joined would first be copied to be looked at.
  const line = `${escapeText(method)}${path === undefined ? '' : ` ${escapeText(path)}`}${version === undefined ? '' : ` ${escapeText(version)}`}`;
  if (line.length <= requestLineLimit) return line;
  const whole = `${method}${path === undefined ? '' : ` ${path}`}${version === undefined ? '' : ` ${version}`}`;
  return escapeText(whole.slice(0, requestLineLimit));
}

/** A name from the configuration as one word: a bind may be named by an address or a path with a blank in it. */
const word = remembered((text) => escapeText(text).replaceAll(' ', '#20'));
/** The server's name out of its key. */
const serverWord = remembered((key) => word(key.slice(key.indexOf('/') + 1)));

/** Names of the configuration are few, and the same in every line. */
function remembered(make: (text: string) => string): (text: string) => string {
  const made = new Map<string, string>();
  return (text) => {
    let known = made.get(text);
    if (known === undefined) {
      known = make(text);
      // Reloads bring new ones, without end.
      if (made.size >= 1_000) made.clear();
      made.set(text, known);
    }
    return known;
  };
}

/** `"`, `#` and all that is not printable ASCII as #XX, as HAProxy writes a request line; UTF-8 where it is not one byte. */
export function escapeText(text: string): string {
  if (isPlain(text)) return text;
  let out = '';
  for (const char of text) {
    const code = char.codePointAt(0)!;
    if (code < 0x100) out += code < 0x20 || code > 0x7e || code === 0x22 || code === 0x23 ? hex(code) : char;
    else for (const byte of new TextEncoder().encode(char)) out += hex(byte);
  }
  return out;
}

/** Printable ASCII without `"` and `#`. */
function isPlain(text: string): boolean {
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (code < 0x20 || code > 0x7e || code === 0x22 || code === 0x23) return false;
  }
  return true;
}

const hex = (byte: number) => `#${byte.toString(16).toUpperCase().padStart(2, '0')}`;

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const two = (value: number) => String(value).padStart(2, '0');

// A line a microsecond apart shares its second with thousands of others: what is before the dot is made once.
const thousandths = Array.from({ length: 1_000 }, (_, ms) => `.${String(ms).padStart(3, '0')}`);
let secondMade = Number.NaN;
let secondText = '';

/** "06/Feb/2009:12:14:14.655", in the machine's time zone as HAProxy does. */
export function logDate(at: number): string {
  const whole = Math.floor(at);
  const second = Math.floor(whole / 1_000);
  if (second !== secondMade) {
    const date = new Date(whole);
    secondMade = second;
    secondText =
      `${two(date.getDate())}/${months[date.getMonth()]}/${date.getFullYear()}` +
      `:${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  }
  return `${secondText}${thousandths[whole - second * 1_000]}`;
}

/** Stable names; times in milliseconds; what is not known is left out. */
export function jsonLine(record: StreamRecord): string {
  const { at, timers, connections, queue, ...rest } = record;
  const [process, bind, backend, server] = connections;
  const line = JSON.stringify({
    time: new Date(Math.floor(at)).toISOString(),
    ...rest,
    timers: Object.fromEntries(Object.entries(timers).map(([name, ms]) => [name, ms < 0 ? null : ms])),
    open: { process, bind, backend, server },
    queue: { server: queue[0], backend: queue[1] },
  });
  // JSON lets C1 controls and bidirectional marks through, and a terminal would obey them.
  return line.replace(/[\u007f-\uffff]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
