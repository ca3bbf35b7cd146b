// How a trace is drawn: the question's fields, then each step with what was chosen and why, and why nothing else was. Pure.

import type { Trace, TraceStep } from '../../domain/trace.ts';
import type { Block } from '../block.ts';
import { boxed } from '../box.ts';
import { percent, plural } from '../format.ts';
import type { Line, Span } from '../frame.ts';
import { spinnerAt } from '../message-line.ts';
import { apart, blank, line, muted, span, spansWidth } from '../spans.ts';
import { padEnd, widthOf, wrap } from '../text.ts';
import { shownPart } from '../typed-text.ts';
import { questionOf, type TraceDialog, type TraceField, traceFields } from './trace.ts';

export const traceWidth = 100;

const fieldWords: Readonly<Record<TraceField, { readonly word: string; readonly help: string }>> = {
  url: { word: 'URL', help: 'https://host/path, http://…, tcp://address:port' },
  from: { word: 'client', help: 'its address; without it no instance is chosen' },
  sni: { word: 'SNI', help: "only where it is not the URL's host" },
  cookie: { word: 'cookie', help: 'NAME=VALUE, of cookie persistence' },
};

const wordWidth = 9;

export function traceView(dialog: TraceDialog, now: number, width: number, height: number): Block {
  return dialog.stage === 'ask' ? askStage(dialog, width, height) : answerStage(dialog, now, width, height);
}

function askStage(dialog: TraceDialog, width: number, height: number): Block {
  const inner = width - 4;
  const current = shownPart(dialog.texts[dialog.field], inner - wordWidth - 2);
  const rows = traceFields.map((field): Line => {
    const chosen = field === dialog.field;
    const { word, help } = fieldWords[field];
    const { text } = dialog.texts[field];
    return line(
      span(chosen ? '▸ ' : '  ', 'accent'),
      span(padEnd(word, wordWidth), chosen ? 'accent' : 'muted'),
      chosen ? span(current.text, 'text', true) : span(text),
      muted(text === '' ? `${chosen ? ' ' : ''}${help}` : ''),
    );
  });
  const keys = [...key('Enter', 'trace'), ...key('↑↓', 'field'), ...key('Esc', 'close')];
  const content = [
    ...rows,
    blank,
    ...hintLine(dialog),
    apart([muted('nothing is sent to any server')], keys, inner),
  ];
  const lines = boxed('Where would this request go?', content.slice(0, Math.max(1, height - 2)), width);
  return {
    lines,
    cursor: { row: traceFields.indexOf(dialog.field) + 1, column: 2 + 2 + wordWidth + current.column },
  };
}

function answerStage(dialog: TraceDialog, now: number, width: number, height: number): Block {
  const inner = width - 4;
  const { body, page, most } = parts(dialog, now, inner, height);
  const top = Math.min(dialog.top, most);
  const below = body.length - top - page;
  const scrolls: Span[] = [
    ...(below > 0 ? [span('▾ ↓', 'key'), muted(` ${plural(below, 'more line')}  `)] : []),
    ...(top > 0 ? [span('▴ ↑', 'key'), muted(` ${top} above`)] : []),
  ];
  const wishes = [[...key('e', 'another question'), ...key('Esc', 'close')], key('Esc', 'close')];
  const keys = wishes.find((spans) => spansWidth(spans) + spansWidth(scrolls) + 1 <= inner) ?? [];
  const { url, from, sni, cookie } = questionOf(dialog);
  const title = [
    `Trace ${url}`,
    from === undefined ? '' : `from ${from}`,
    sni === undefined ? '' : `SNI ${sni}`,
    cookie === undefined ? '' : `cookie ${cookie}`,
  ]
    .filter((part) => part !== '')
    .join('  ');
  return {
    lines: boxed(title, [...body.slice(top, top + page), apart(scrolls, keys, inner)], width),
  };
}

function parts(dialog: TraceDialog, now: number, inner: number, height: number) {
  const body = bodyOf(dialog, now, inner);
  const page = Math.min(body.length, Math.max(1, height - 3));
  return { body, page, most: body.length - page };
}

export function scrolledTrace(
  dialog: TraceDialog,
  now: number,
  width: number,
  height: number,
  how: 'line' | 'page',
  by: 1 | -1,
): TraceDialog {
  const { page, most } = parts(dialog, now, width - 4, height);
  const step = how === 'line' ? by : by * Math.max(1, page - 1);
  return { ...dialog, top: Math.max(0, Math.min(most, Math.min(most, dialog.top) + step)) };
}

function bodyOf({ seen }: TraceDialog, now: number, width: number): Line[] {
  switch (seen.state) {
    case 'asking':
      return [line(span(`${spinnerAt(now - seen.since)} `, 'accent'), muted('asking the runtime…'))];
    case 'failed':
      return wrap(`▲ ${seen.reason}`, width).map((part) => line(span(part, 'warning')));
    case 'shown':
      return traceLines(seen.trace, width);
  }
}

export function traceLines({ result, ok, steps }: Trace, width: number): Line[] {
  return [
    ...wrap(`${ok ? '●' : '▼'} ${result}`, width).map((part) => line(span(part, ok ? 'good' : 'bad', true))),
    blank,
    ...steps.flatMap((step) => stepLines(step, width)),
  ];
}

/** The choice stands in one column, and what was not chosen under it, greyed: it is read only by who wonders. */
function stepLines({ what, chosen, why, others, candidates = [] }: TraceStep, width: number): Line[] {
  const room = Math.max(10, width - wordWidth);
  const head = chosen === undefined ? [span('▼ ends here', 'bad', true)] : [span(chosen, 'text', true)];
  const [beside, below] = spansWidth(head) + 2 + widthOf(why) <= room ? [why, ''] : ['', why];
  return [
    line(muted(padEnd(what, wordWidth)), ...head, span(beside === '' ? '' : `  ${beside}`)),
    ...under(below, room, 'text'),
    ...candidates.flatMap(({ name, share, why: reason }, index) =>
      under(
        `${index + 1}. ${name}${share === undefined ? '' : ` ${percent(share)}`}${reason === '' ? '' : `: ${reason}`}`,
        room,
        'text',
      ),
    ),
    ...others.flatMap(({ name, why: reason }) => under(`not ${name}: ${reason}`, room, 'muted')),
  ];
}

function under(text: string, room: number, tone: 'text' | 'muted'): Line[] {
  return text === ''
    ? []
    : wrap(text, room).map((part) => line(span(' '.repeat(wordWidth)), span(part, tone)));
}

function key(name: string, title: string): Span[] {
  return [span(name, 'key', true), span(` ${title}   `)];
}

function hintLine({ hint }: TraceDialog): Line[] {
  return hint === undefined ? [] : [line(span(`▲ ${hint}`, 'warning'))];
}
