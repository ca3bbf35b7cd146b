// What a ladder is drawn with: three life lines, arrows between two of them or through the middle one, notes beside them.
// TLS is a double line, plain text a single one, and what breaks off ends in a cross: shapes, so that no colour is needed.

import { safe } from '../../domain/safe.ts';
import type { Line, Span, Tone } from '../frame.ts';
import { fill, muted, span } from '../spans.ts';
import { cut, widthOf, wrap } from '../text.ts';

export interface Lanes {
  /** Cells between the first and second life line, and between the second and third. */
  readonly first: number;
  readonly second: number;
}

export type Lane = 'first' | 'second';
export type Direction = 'left' | 'right' | 'both';

export interface Arrow {
  readonly text: string;
  readonly direction: Direction;
  readonly tls?: boolean;
  /** It did not get there, or ended what was there. */
  readonly broken?: boolean;
  readonly tone?: Tone;
}

export const margin = 4;
export const timeWidth = 12;

export function lanesOf(width: number): Lanes {
  const room = Math.max(20, width - margin - 3 - timeWidth - 1);
  const first = Math.min(44, Math.floor(room / 2));
  return { first, second: Math.min(50, room - first) };
}

/** An arrow in one lane, with a note in the other one, over as many lines as the note takes. */
export function arrowRungs(
  lanes: Lanes,
  lane: Lane,
  shown: Arrow,
  time: string,
  aside: readonly string[] = [],
  asideTone: Tone = 'text',
): Line[] {
  const other = lane === 'first' ? 'second' : 'first';
  const notes = noteLines(aside, lanes[other]);
  return Array.from({ length: Math.max(1, notes.length) }, (_, index) => {
    const cells = {
      [lane]: index === 0 ? arrow(shown, lanes[lane]) : gap(lanes[lane]),
      [other]: note(notes[index] ?? '', lanes[other], asideTone),
    } as Record<Lane, Span[]>;
    return rung(cells.first, cells.second, index === 0 ? time : '');
  });
}

export function noteRungs(lanes: Lanes, lane: Lane, text: string, time: string, tone: Tone = 'text'): Line[] {
  return noteLines([text], lanes[lane]).map((part, index) => {
    const at = index === 0 ? time : '';
    return lane === 'first'
      ? rung(note(part, lanes.first, tone), gap(lanes.second), at)
      : rung(gap(lanes.first), note(part, lanes.second, tone), at);
  });
}

/** One arrow in each lane: what we take from one side and give to the other. */
export function bothRung(lanes: Lanes, first: Arrow, second: Arrow, time: string): Line {
  return rung(arrow(first, lanes.first), arrow(second, lanes.second), time);
}

/** From the client to the server, or back, through Sluice, which does not touch it. */
export function throughRung(lanes: Lanes, { text, direction, tls = false, tone }: Arrow, time: string): Line {
  const width = lanes.first + 1 + lanes.second;
  const drawn = arrow({ text, direction, tls, ...(tone === undefined ? {} : { tone }) }, width);
  const spans: Span[] = [];
  let at = 0;
  // Where it crosses Sluice's life line the two are drawn as one sign, unless the words are there.
  for (const item of drawn) {
    const cells = [...item.text];
    const cross = lanes.first - at;
    if (cross >= 0 && cross < cells.length && item.tone === shaftTone(tls, tone)) {
      cells[cross] = tls ? '╪' : '┼';
      spans.push({ ...item, text: cells.join('') });
    } else spans.push(item);
    at += widthOf(item.text);
  }
  return framed(spans, time);
}

function rung(first: readonly Span[], second: readonly Span[], time: string): Line {
  return framed([...first, life(), ...second], time);
}

function framed(inner: readonly Span[], time: string): Line {
  return {
    spans: [span(' '.repeat(margin)), life(), ...inner, life(), ...fill([muted(time)], timeWidth, 'right')],
  };
}

function life(): Span {
  return span('│', 'border');
}

function gap(width: number): Span[] {
  return [span(' '.repeat(width))];
}

function noteLines(texts: readonly string[], width: number): string[] {
  return texts.filter((text) => text !== '').flatMap((text) => wrap(safe(text, 400), Math.max(8, width - 2)));
}

function note(text: string, width: number, tone: Tone): Span[] {
  return fill([span(text === '' ? '' : ` ${text}`, tone)], width);
}

function shaftTone(tls: boolean, tone: Tone | undefined): Tone {
  return tone ?? (tls ? 'accent' : 'border');
}

/** "── GET /cart ────▶", "◀═ TLSv1.3, resumed ═▶", "── RST ────╳"; the text as far as there is room. */
function arrow({ text, direction, tls = false, broken = false, tone }: Arrow, width: number): Span[] {
  const shaft = tls ? '═' : '─';
  const tips = broken ? { left: '╳', right: '╳' } : { left: '◀', right: '▶' };
  const start = direction === 'right' ? shaft.repeat(2) : `${tips.left}${shaft}`;
  const tip = direction === 'left' ? shaft : tips.right;
  const words = text === '' ? '' : ` ${cut(safe(text, 400), Math.max(0, width - 6))} `;
  const rest = Math.max(0, width - widthOf(start) - widthOf(words) - 1);
  const drawn = shaftTone(tls, tone);
  return [span(start, drawn), span(words, tone ?? 'text'), span(shaft.repeat(rest) + tip, drawn)];
}
