// The ladder: three life lines (client, Sluice, server) and what passed between them, with times since the accept.
// Plain HTTP, edge, reencrypt, passthrough and TCP look as different as they are.

import type { ConnectionDetail, ConnectionStep } from '../../domain/connection.ts';
import { bytes, moment } from '../format.ts';
import type { Line, Tone } from '../frame.ts';
import { fill, muted, span, spansWidth } from '../spans.ts';
import {
  type Arrow,
  arrowRungs,
  bothRung,
  type Lanes,
  lanesOf,
  margin,
  noteRungs,
  throughRung,
} from './ladder-rungs.ts';

/** What the steps before say of those after: which side is encrypted by now. */
interface Way {
  readonly lanes: Lanes;
  readonly detail: ConnectionDetail;
  /** No more of a moment than is known: whole milliseconds where all of them are whole. */
  readonly digits: 0 | 1;
  /** Bytes pass untouched: TCP, and TLS that does not end with us. */
  readonly untouched: boolean;
  readonly clientTls: boolean;
  readonly serverTls: boolean;
}

export function ladder(detail: ConnectionDetail, width: number): Line[] {
  const lanes = lanesOf(width);
  const passed = detail.tls === 'passthrough';
  const untouched = passed || (detail.mode === 'tcp' && detail.tls === undefined);
  const digits = detail.steps.every(({ atMs }) => Number.isInteger(atMs)) ? 0 : 1;
  let way: Way = { lanes, detail, digits, untouched, clientTls: passed, serverTls: passed };
  const lines: Line[] = [];
  for (const step of detail.steps) {
    way = afterwards(way, step);
    lines.push(...stepLines(step, way));
  }
  const hasReached = detail.steps.some(({ what }) => what === 'connect' || what === 'pooled');
  const hop = hasReached ? [] : hopRungs(way);
  return [headLine(detail, lanes, width), ...lines, ...hop, ...running(way)];
}

function afterwards(way: Way, { what }: ConnectionStep): Way {
  if (what === 'handshake') return { ...way, clientTls: true };
  if (what === 'server-handshake') return { ...way, serverTls: true };
  // A connection that was kept had its handshake with a stream before.
  if (what === 'pooled') return { ...way, serverTls: way.detail.serverTls !== undefined };
  return way;
}

/** The three names over their life lines; the server's moves to the left where its address would be cut. */
function headLine(detail: ConnectionDetail, lanes: Lanes, width: number): Line {
  const server = span(detail.server ?? detail.backend ?? '–', 'text', true);
  const address = muted(detail.serverAddress === undefined ? '' : ` ${detail.serverAddress}`);
  const middle = margin + 1 + lanes.first - 2;
  const over = middle + 3 + lanes.second - 3;
  const right = Math.max(middle + 8, Math.min(over, width - 1 - spansWidth([server, address])));
  return {
    spans: [
      ...fill([span('  client', 'text', true)], middle),
      ...fill([span(detail.kernel ? 'kernel' : 'sluice', 'text', true)], right - middle),
      server,
      address,
    ],
  };
}

function stepLines(step: ConnectionStep, way: Way): Line[] {
  const { what, text, by } = step;
  const { lanes, clientTls, serverTls } = way;
  const time = timeOf(step, way);
  switch (what) {
    case 'accept':
      return noteRungs(lanes, 'first', 'accepted', time);
    case 'client-hello':
      return arrowRungs(
        lanes,
        'first',
        { text: 'ClientHello', direction: 'right' },
        time,
        helloWords(way, text),
      );
    case 'handshake':
      return handshakeLines(way, text, time);
    case 'handshake-failed':
      return broken(lanes, 'first', 'TLS handshake failed', text, time);
    case 'request':
      return arrowRungs(
        lanes,
        'first',
        { text: requestWords(way, text), direction: 'right', tls: clientTls },
        time,
      );
    case 'queue':
      return noteRungs(lanes, 'second', /\bqueue\b/.test(text) ? text : `queue: ${text}`, time);
    case 'connect':
      return [
        ...arrowRungs(lanes, 'second', { text: 'connect', direction: 'right' }, time),
        ...hopRungs(way),
      ];
    case 'pooled':
      return [
        ...arrowRungs(lanes, 'second', { text: 'kept connection', direction: 'right', tls: serverTls }, time),
        ...(serverTls ? verified(way) : []),
        ...hopRungs(way),
      ];
    case 'server-handshake':
      return serverHandshakeLines(way, text, time);
    case 'server-handshake-failed':
      return [
        ...arrowRungs(
          lanes,
          'second',
          { text: 'TLS handshake failed', direction: 'right', broken: true, tone: 'bad' },
          time,
        ),
        ...noteRungs(lanes, 'second', text, '', 'bad'),
      ];
    case 'retry':
      return noteRungs(lanes, 'second', `▲ retry: ${text}`, time, 'warning');
    case 'server-hello':
      return [throughRung(lanes, { text: serverHelloWords(way, text), direction: 'left', tls: true }, time)];
    case 'response':
      return arrowRungs(lanes, 'second', { text, direction: 'left', tls: serverTls }, time);
    case 'upgrade':
      return flowing(way, text || 'upgraded', 'both', time);
    case 'fin':
      return ending(way, by, { text: 'FIN', direction: 'right' }, text, time);
    case 'reset':
      return ending(way, by, { text: 'RST', direction: 'right', broken: true, tone: 'bad' }, text, time);
    case 'end':
      return noteRungs(lanes, 'first', /^-+$/.test(text) ? 'complete' : `ended ${text}`, time);
  }
}

/** Beyond the server's address: the kernel takes it on to a container. */
function hopRungs({ lanes, detail: { hop } }: Way): Line[] {
  if (hop === undefined) return [];
  const words = hop.endpoint === undefined ? `nftables: ${hop.text}` : `nftables ⇢ ${hop.endpoint}`;
  return noteRungs(lanes, 'second', words, '', hop.endpoint === undefined ? 'muted' : 'accent');
}

/** The host stands above the ladder; the lane is for the path. */
function requestWords({ detail: { host } }: Way, text: string): string {
  const suffix = ` for ${host ?? ''}`;
  return text.endsWith(suffix) ? text.slice(0, -suffix.length) : text;
}

/** Far from the accept only what comes after the request would all look alike: there it is told from the request on. */
const farMs = 1_000;

function timeOf({ what, atMs }: ConnectionStep, { detail: { steps }, digits }: Way): string {
  const asked = steps.find((step) => step.what === 'request')?.atMs;
  return asked === undefined || asked < farMs || atMs < asked || what === 'request'
    ? moment(atMs, digits)
    : `+${moment(atMs - asked, digits)}`;
}

/** What the client asked for, in Sluice's margin: name first, since that decides. */
function helloWords({ detail: { clientTls } }: Way, text: string): string[] {
  if (clientTls === undefined) return [text];
  const { sni, alpnOffered, versionsOffered } = clientTls;
  // "TLSv1.3/1.2": the lane is narrow, and what is left out is the same in each.
  const versions = versionsOffered.join('/').replaceAll('/TLSv', '/');
  return [
    sni ?? 'names no server',
    [versions, alpnOffered.join(',')].filter((each) => each !== '').join(' '),
  ];
}

function handshakeLines({ lanes, detail: { clientTls } }: Way, text: string, time: string): Line[] {
  if (clientTls?.version === undefined)
    return arrowRungs(lanes, 'first', { text: text || 'TLS', direction: 'both', tls: true }, time);
  const { version, resumed, cipher, alpn, clientSubject } = clientTls;
  const words = `${version}${resumed ? ', resumed' : ', new session'}`;
  const aside = [
    `${cipher?.replace(/^TLS_/, '') ?? ''}${alpn === undefined ? '' : `, ${alpn}`}`,
    clientSubject === undefined ? '' : `client ${clientSubject}`,
  ];
  return arrowRungs(lanes, 'first', { text: words, direction: 'both', tls: true }, time, aside);
}

function serverHandshakeLines(way: Way, text: string, time: string): Line[] {
  const { serverTls } = way.detail;
  const words =
    serverTls === undefined
      ? text || 'TLS'
      : `${serverTls.version}${serverTls.resumed ? ', resumed' : ', new session'}`;
  return [
    ...arrowRungs(way.lanes, 'second', { text: words, direction: 'both', tls: true }, time),
    ...verified(way),
  ];
}

/** Who it is that we speak to: asked for by name and proven, or only believed. */
function verified({ lanes, detail: { serverTls } }: Way): Line[] {
  if (serverTls === undefined) return [];
  const { verified: proven, serverName } = serverTls;
  const name = serverName === undefined ? 'its address' : serverName;
  return proven
    ? noteRungs(lanes, 'second', `verified ${name}`, '', 'muted')
    : noteRungs(lanes, 'second', '▲ not verified', '', 'warning');
}

function serverHelloWords({ detail: { clientTls } }: Way, text: string): string {
  const version = clientTls?.version;
  return version === undefined ? text || 'ServerHello' : `ServerHello, ${version}`;
}

/** What was tried, cut off, and beside it why. */
function broken(lanes: Lanes, lane: 'first', words: string, why: string, time: string): Line[] {
  return arrowRungs(
    lanes,
    lane,
    { text: words, direction: 'right', broken: true, tone: 'bad' },
    time,
    [why],
    'bad',
  );
}

/** Ours goes to the client, and of bytes that we do not touch on to the other side by itself. */
function ending({ lanes }: Way, by: ConnectionStep['by'], shown: Arrow, text: string, time: string): Line[] {
  const extra = text === '' || text.toLowerCase() === shown.text.toLowerCase() ? [] : [text];
  const tone: Tone = shown.tone ?? 'muted';
  switch (by) {
    case 'server':
      return arrowRungs(lanes, 'second', { ...shown, direction: 'left' }, time, extra, tone);
    case 'sluice':
      return arrowRungs(lanes, 'first', { ...shown, direction: 'left' }, time, extra, tone);
    case 'client':
    case undefined:
      return arrowRungs(lanes, 'first', shown, time, extra, tone);
  }
}

/** Bytes in both directions, or back to the client. */
function flowing(way: Way, text: string, direction: 'left' | 'both', time: string): Line[] {
  const { lanes, untouched, clientTls, serverTls } = way;
  if (untouched) return [throughRung(lanes, { text, direction, tls: clientTls }, time)];
  return [
    bothRung(lanes, { text, direction, tls: clientTls }, { text: '', direction, tls: serverTls }, time),
  ];
}

/** What still flows. */
function running(way: Way): Line[] {
  const { phase, bytesIn, bytesOut, uncounted } = way.detail;
  if (phase === 'tunnel' && uncounted) return flowing(way, 'bytes are not counted', 'both', 'now');
  if (phase === 'tunnel') return flowing(way, `${bytes(bytesIn)} ↓ ↑ ${bytes(bytesOut)} …`, 'both', 'now');
  if (phase === 'data') return flowing(way, `${bytes(bytesOut)} …`, 'left', 'now');
  if (phase === 'wait') return noteRungs(way.lanes, 'second', 'waits for the answer …', 'now');
  if (phase === 'handshake') return noteRungs(way.lanes, 'first', 'in its TLS handshake …', 'now');
  return [];
}
