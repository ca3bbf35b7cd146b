// How a dialog is drawn: a box that says what happens to whom, the settings, and the two buttons. Pure.

import type { Preview } from '../../domain/command.ts';
import { safe } from '../../domain/safe.ts';
import type { Block } from '../block.ts';
import { boxed } from '../box.ts';
import { chosenTime, duration } from '../format.ts';
import type { Line, Span, Tone } from '../frame.ts';
import { apart, blank, line, muted, span, spansWidth, staled } from '../spans.ts';
import { padEnd, widthOf, wrap } from '../text.ts';
import { cancelAnd } from './buttons.ts';
import { commandsOf, type Dialog, deadlineActions, wordsOf } from './dialog.ts';

const labelWidth = 7;

export function dialogView(dialog: Dialog, width: number, height: number, now: number): Block {
  const inner = width - 4;
  const { title, act } = wordsOf(dialog.question);
  const settings = settingLines(dialog, inner);
  const foot = footLines(dialog, act, inner);
  // The buttons are never cut, and of what it would do the warnings last: air goes first, then the rest of it.
  const most = height - 2 - foot.length - settings.length;
  const airy = most - 1 - (settings.length > 0 ? 1 : 0);
  const body = previewLines(dialog, inner, now, airy);
  const fits = body.length <= airy;
  const air = fits ? [blank] : [];
  const shown = fits ? body : shortened(body, most);
  const content = [...shown, ...(settings.length > 0 ? [...air, ...settings] : []), ...air, ...foot].slice(
    0,
    Math.max(0, height - 2),
  );
  const lines = boxed(title, content, width);
  if (dialog.focus !== 'weight') return { lines };
  const row = content.indexOf(settings[0]!);
  return row < 0
    ? { lines }
    : {
        lines,
        cursor: { row: row + 1, column: 2 + 8 + widthOf(dialog.weight.text.slice(0, dialog.weight.at)) },
      };
}

/** As many lines as there is room for: warnings before all else, in the order in which they stood. */
function shortened(body: readonly Line[], room: number): readonly Line[] {
  if (body.length <= room) return body;
  const kept = Math.max(0, room - 1);
  const isWarning = ({ spans }: Line) => spans.some(({ tone }) => tone === 'warning');
  const first = new Set(
    [...body.filter(isWarning), ...body.filter((each) => !isWarning(each))].slice(0, kept),
  );
  return [...body.filter((each) => first.has(each)), line(muted(`… ${body.length - kept} more lines`))];
}

function previewLines({ preview }: Dialog, width: number, now: number, room: number): Line[] {
  switch (preview.state) {
    case 'asking': {
      const since = now - preview.since;
      const asking = `asking what it would do…${since >= 1_000 ? ` ${duration(since)}` : ''}`;
      if (preview.before.length === 0) return [line(muted(asking))];
      return shownPreviews(preview.before, width).map(staled);
    }
    case 'failed':
      return labelled('▲', 'warning', `no preview: ${preview.reason}`, width);
    case 'shown':
      return [
        ...(preview.together ?? []).flatMap((text) => labelled('▲', 'warning', text, width)),
        ...shownPreviews(preview.previews, width, room - (preview.together?.length ?? 0)),
      ];
  }
}

/** Of many, where there is no room for all of it: what each is now, and its warnings. */
function shownPreviews(previews: readonly Preview[], width: number, room = Number.POSITIVE_INFINITY): Line[] {
  const several = previews.length > 1;
  const all = previews.flatMap((each) => previewOf(each, several, width));
  if (!several || all.length <= room) return all;
  return previews.flatMap(({ lines, ...each }) =>
    previewOf({ ...each, lines: lines.filter(({ tone }) => tone !== 'then') }, several, width),
  );
}

/** Warnings last: they are what the eye must meet right before the buttons. */
const toneOrder = { now: 0, then: 1, warning: 2 } as const;

function previewOf({ title, lines }: Preview, several: boolean, width: number): Line[] {
  const inOrder = lines.toSorted((a, b) => toneOrder[a.tone] - toneOrder[b.tone]);
  return [
    ...(several ? [line(span(title, 'text', true))] : []),
    ...inOrder.flatMap(({ tone, text }, index) => {
      // The same word once: what follows under it belongs to it.
      const again = inOrder[index - 1]?.tone === tone;
      switch (tone) {
        case 'now':
          return labelled(again ? '' : 'Now', 'muted', text, width);
        case 'then':
          return labelled(again ? '' : 'Then', 'muted', text, width);
        case 'warning':
          return labelled('▲', 'warning', text, width);
        default:
          return tone satisfies never;
      }
    }),
  ];
}

function labelled(label: string, tone: Tone, text: string, width: number): Line[] {
  return wrap(safe(text, 1_000), width - labelWidth).map((part, index) =>
    line(
      span(padEnd(index === 0 ? label : '', labelWidth), tone),
      span(part, tone === 'warning' ? 'warning' : 'text'),
    ),
  );
}

function settingLines(dialog: Dialog, width: number): Line[] {
  if (dialog.question.kind === 'drain') {
    const deadline = dialog.deadlineMs === 0 ? 'none' : chosenTime(dialog.deadlineMs);
    const left = [muted('Deadline '), ...chosen(padEnd(deadline, 6), dialog.focus === 'deadline')];
    const noAction = dialog.deadlineMs === 0;
    const actions = deadlineActions.flatMap((action, index): Span[] => {
      const is = action === dialog.then;
      const word = actionWord(action, dialog.killRate);
      return [
        muted(index === 0 ? '' : ' · '),
        is && !noAction
          ? span(`▸ ${word}`, dialog.focus === 'action' ? 'accent' : 'text', true)
          : muted(word),
      ];
    });
    const right = [span('At the deadline  ', dialog.focus === 'action' ? 'accent' : 'muted'), ...actions];
    return spansWidth(left) + spansWidth(right) + 2 <= width
      ? [line(...left, span('  '), ...right)]
      : [line(...left), line(...right)];
  }
  if (dialog.question.kind === 'weight') {
    const result = commandsOf(dialog);
    return [
      line(
        muted('Weight  '),
        span(padEnd(dialog.weight.text, 4), dialog.focus === 'weight' ? 'accent' : 'text', true),
        result.ok ? muted('  0 takes no new clients, 256 is the most') : span(`  ${result.problem}`, 'bad'),
      ),
    ];
  }
  return [];
}

function actionWord(action: Dialog['then'], killRate: number): string {
  switch (action) {
    case 'wait':
      return 'wait on';
    case 'kill':
      return `kill ${killRate}/s`;
    case 'maint':
      return 'maint';
    case 'ready':
      return 'ready';
  }
}

function chosen(text: string, focused: boolean): Span[] {
  return focused ? [span(`‹ ${text}›`, 'accent', true)] : [span(`  ${text} `)];
}

function footLines(dialog: Dialog, act: string, width: number): Line[] {
  const buttons = cancelAnd(act, dialog.focus);
  const keys = [
    span('y', 'key', true),
    span(` ${act.toLowerCase()}   `),
    span('Esc', 'key', true),
    span(' back'),
  ];
  const hint = dialog.leaving ? 'q again leaves; nothing was sent' : dialog.hint;
  return [...(hint === undefined ? [] : [line(span(`▲ ${hint}`, 'warning'))]), apart(buttons, keys, width)];
}
