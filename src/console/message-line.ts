// The line above the footer: what is waited for, what came of the last key press, or just a rule.

import { chosenTime } from './format.ts';
import type { Line, Span, Tone } from './frame.ts';
import { muted, span, within } from './spans.ts';
import type { Notice, State } from './state.ts';
import { widthOf } from './text.ts';

const spinner = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
export function spinnerAt(since: number): string {
  return spinner[Math.max(0, Math.floor(since / 250)) % spinner.length]!;
}
/** Good news leaves by itself; anything else stays until the next key. */
const goodNewsMs = 8_000;

export function messageLine({ waiting, notice }: State, now: number, aside: string, width: number): Line {
  const [first] = waiting;
  if (first !== undefined) {
    const since = now - first.since;
    const sign = spinnerAt(since);
    const more = waiting.length > 1 ? ` and ${waiting.length - 1} more` : '';
    return {
      spans: within(
        [
          span(` ${sign} `, 'accent'),
          span(first.text),
          muted(`${more} … ${chosenTime(Math.floor(since / 100) * 100)}`),
        ],
        width,
      ),
    };
  }
  if (notice !== undefined && !(notice.kind === 'done' && now - notice.at > goodNewsMs))
    return { spans: within(noticeSpans(notice), width) };
  return { spans: rule(aside, width) };
}

/** A rule with a remark set into its right end. */
export function rule(aside: string, width: number): Span[] {
  if (aside === '' || widthOf(aside) + 6 > width) return [span('─'.repeat(width), 'border')];
  return [span(`${'─'.repeat(width - widthOf(aside) - 4)} `, 'border'), muted(aside), span(' ──', 'border')];
}

function noticeSpans({ kind, text, remedy }: Notice): Span[] {
  const [sign, word, tone] = noticeLook(kind);
  return [
    span(` ${sign} ${word}`, tone, true),
    span(text, kind === 'done' ? 'text' : tone),
    ...(remedy === undefined ? [] : [muted(' · '), span(remedy)]),
  ];
}

function noticeLook(kind: Notice['kind']): readonly [sign: string, word: string, tone: Tone] {
  switch (kind) {
    case 'done':
      return ['●', 'done: ', 'good'];
    case 'refused':
      return ['▲', 'refused: ', 'warning'];
    case 'unknown':
      return ['?', 'unknown: ', 'unknown'];
    case 'note':
      return ['▲', '', 'warning'];
  }
}
