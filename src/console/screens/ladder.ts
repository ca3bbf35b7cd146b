// The ladder: three life lines (client, Sluice, server) and what passed between them, with times since the accept.

import type { ConnectionDetail, ConnectionStep } from '../../domain/connection.ts';
import { safe } from '../../domain/safe.ts';
import { bytes, moment } from '../format.ts';
import type { Line, Span } from '../frame.ts';
import { fill, muted, span, spansWidth } from '../spans.ts';
import { cut, widthOf } from '../text.ts';

interface Lanes {
  /** Cells between the first and second life line, and between the second and third. */
  readonly first: number;
  readonly second: number;
}

const margin = 4;
const timeWidth = 12;

export function ladder(detail: ConnectionDetail, width: number): Line[] {
  const room = Math.max(20, width - margin - 3 - timeWidth - 1);
  const first = Math.min(44, Math.floor(room / 2));
  const lanes: Lanes = { first, second: Math.min(50, room - first) };
  const lines = detail.steps.map((step) => stepLine(step, lanes));
  return [headLine(detail, lanes, width), ...lines, ...running(detail, lanes)];
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
      ...fill([span('sluice', 'text', true)], right - middle),
      server,
      address,
    ],
  };
}

function stepLine(step: ConnectionStep, lanes: Lanes): Line {
  const { what, text } = step;
  const time = moment(step.atMs);
  switch (what) {
    case 'accept':
      return rung(note(text || 'accepted', lanes.first), empty(lanes.second), time);
    case 'request':
      return rung(arrow(text, lanes.first, 'right'), empty(lanes.second), time);
    case 'queue':
      return rung(empty(lanes.first), note(`queue ${text}`, lanes.second), time);
    case 'connect':
      return rung(empty(lanes.first), arrow(text || 'connect', lanes.second, 'right'), time);
    case 'pooled':
      return rung(empty(lanes.first), arrow(text || 'pooled connection', lanes.second, 'right'), time);
    case 'retry':
      return rung(empty(lanes.first), note(`▲ retry: ${text}`, lanes.second, 'warning'), time);
    case 'response':
      return rung(empty(lanes.first), arrow(text, lanes.second, 'left'), time);
    case 'upgrade':
      return rung(arrow(text, lanes.first, 'both'), arrow('', lanes.second, 'both'), time);
    case 'client-hello':
      return rung(arrow(text, lanes.first, 'right'), empty(lanes.second), time);
    case 'handshake':
      return rung(arrow(text, lanes.first, 'both'), empty(lanes.second), time);
    case 'handshake-failed':
      return rung(note(`▼ ${text}`, lanes.first, 'bad'), empty(lanes.second), time);
    case 'server-handshake':
      return rung(empty(lanes.first), arrow(text, lanes.second, 'both'), time);
    case 'server-handshake-failed':
      return rung(empty(lanes.first), note(`▼ ${text}`, lanes.second, 'bad'), time);
    case 'server-hello':
      return rung(empty(lanes.first), arrow(text, lanes.second, 'left'), time);
    case 'fin':
    case 'reset':
    case 'end':
      return rung(note(text, lanes.first), empty(lanes.second), time);
  }
}

/** What still flows. */
function running({ phase, bytesIn, bytesOut }: ConnectionDetail, lanes: Lanes): Line[] {
  if (phase === 'data' || phase === 'tunnel') {
    const direction = phase === 'tunnel' ? 'both' : 'left';
    const text = phase === 'tunnel' ? `${bytes(bytesIn)} ↓ ↑ ${bytes(bytesOut)} …` : `${bytes(bytesOut)} …`;
    return [rung(arrow(text, lanes.first, direction), arrow('', lanes.second, direction), 'now')];
  }
  if (phase === 'wait')
    return [rung(empty(lanes.first), note('waits for the answer …', lanes.second), 'now')];
  return [];
}

function rung(first: Span[], second: Span[], time: string): Line {
  const life = span('│', 'border');
  return {
    spans: [
      span(' '.repeat(margin)),
      life,
      ...first,
      life,
      ...second,
      life,
      ...fill([muted(time)], timeWidth, 'right'),
    ],
  };
}

function empty(width: number): Span[] {
  return [span(' '.repeat(width))];
}

function note(text: string, width: number, tone: Span['tone'] = 'text'): Span[] {
  return fill([span(` ${text}`, tone)], width);
}

/** "── GET /cart ────▶", with the text as far as there is room. */
function arrow(text: string, width: number, direction: 'left' | 'right' | 'both'): Span[] {
  const shaft = direction === 'both' ? '═' : '─';
  const start = direction === 'right' ? shaft.repeat(2) : `◀${shaft}`;
  const tip = direction === 'left' ? shaft : '▶';
  const words = text === '' ? '' : ` ${cut(safe(text, 400), Math.max(0, width - 6))} `;
  const rest = Math.max(0, width - widthOf(start) - widthOf(words) - 1);
  return [span(start, 'border'), span(words), span(shaft.repeat(rest) + tip, 'border')];
}
