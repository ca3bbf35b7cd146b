// How the question before a block is drawn: its fields, what it would do, and the buttons. Pure.

import type { Preview } from '../../domain/command.ts';
import { safe } from '../../domain/safe.ts';
import type { Block } from '../block.ts';
import { boxed } from '../box.ts';
import { chosenTime, duration } from '../format.ts';
import type { Line, Span, Tone } from '../frame.ts';
import { apart, blank, line, muted, span, staled } from '../spans.ts';
import { padEnd, wrap } from '../text.ts';
import { shownPart, type TypedText } from '../typed-text.ts';
import { addressIn, type BlockDialog, type BlockFocus } from './block-dialog.ts';
import { cancelAnd } from './buttons.ts';

const wordWidth = 10;
const labelWidth = 7;

interface Field {
  readonly focus: BlockFocus;
  readonly line: Line;
  /** Of a text that is typed: the cell of its cursor. */
  readonly column?: number;
}

export function blockDialogView(dialog: BlockDialog, width: number, height: number, now: number): Block {
  const inner = width - 4;
  const fields = fieldsOf(dialog, inner);
  const warned = lockOutLines(dialog, inner);
  const foot = footLines(dialog, inner);
  const most = Math.max(1, height - 2 - fields.length - warned.length - foot.length);
  const told = previewLines(dialog, inner, now);
  const airy = told.length + 2 <= most;
  const shown = airy ? [...told, blank] : shortened(told, most);
  const isForce = ({ focus }: Field) => focus === 'force';
  const content = [
    ...fields.filter((field) => !isForce(field)).map((field) => field.line),
    ...(airy ? [blank] : []),
    ...shown,
    ...warned,
    ...fields.filter(isForce).map((field) => field.line),
    ...foot,
  ].slice(0, Math.max(0, height - 2));
  const address = addressIn(dialog);
  const title = `${dialog.act === 'block' ? 'Block' : 'Unblock'}${address === '' ? ' an address' : ` ${address}`}`;
  const lines = boxed(title, content, width);
  const typed = fields.find(({ focus, column }) => focus === dialog.focus && column !== undefined);
  const row = typed === undefined ? -1 : content.indexOf(typed.line);
  return row < 0 ? { lines } : { lines, cursor: { row: row + 1, column: 2 + typed!.column! } };
}

/** Warnings before all else, in the order in which they stood. */
function shortened(told: readonly Line[], room: number): readonly Line[] {
  if (told.length <= room) return told;
  const isWarning = ({ spans }: Line) => spans.some(({ tone }) => tone === 'warning');
  const first = new Set(
    [...told.filter(isWarning), ...told.filter((each) => !isWarning(each))].slice(0, Math.max(0, room - 1)),
  );
  return [...told.filter((each) => first.has(each)), line(muted(`… ${told.length - first.size} more lines`))];
}

function fieldsOf(dialog: BlockDialog, width: number): Field[] {
  const { act, address, forMs, why, confirmMs, lockOut, force } = dialog;
  const first = textField(
    dialog,
    'address',
    'address',
    address,
    width,
    '192.0.2.7, 198.51.100.0/24, 2001:db8::/32',
  );
  if (act === 'unblock') return [first];
  return [
    first,
    choiceField(dialog, 'for', 'for', forMs === 0 ? 'until it is unblocked' : chosenTime(forMs)),
    textField(dialog, 'why', 'why', why, width, 'for whoever looks at it next'),
    choiceField(
      dialog,
      'confirm-within',
      'confirm',
      confirmMs === 0
        ? 'not asked for: it stands at once'
        : `within ${chosenTime(confirmMs)}, else it takes itself back`,
    ),
    ...(lockOut === undefined
      ? []
      : [
          textField(
            dialog,
            'force',
            'once more',
            force,
            width,
            `type ${addressIn(dialog)} to block it all the same`,
          ),
        ]),
  ];
}

function head(word: string, focused: boolean): Span[] {
  return [span(focused ? '▸ ' : '  ', 'accent'), span(padEnd(word, wordWidth), focused ? 'accent' : 'muted')];
}

function textField(
  dialog: BlockDialog,
  focus: BlockFocus,
  word: string,
  text: TypedText,
  width: number,
  help: string,
): Field {
  const focused = dialog.focus === focus;
  const part = focused ? shownPart(text, width - wordWidth - 3) : { text: text.text, column: 0 };
  return {
    focus,
    column: 2 + wordWidth + part.column,
    line: line(
      ...head(word, focused),
      span(part.text, 'text', focused),
      muted(text.text === '' ? `${focused ? ' ' : ''}${help}` : ''),
    ),
  };
}

function choiceField(dialog: BlockDialog, focus: BlockFocus, word: string, shown: string): Field {
  const focused = dialog.focus === focus;
  return {
    focus,
    line: line(...head(word, focused), focused ? span(`‹ ${shown} ›`, 'accent', true) : span(shown)),
  };
}

function previewLines({ preview }: BlockDialog, width: number, now: number): Line[] {
  switch (preview.state) {
    case 'none':
      return wrap(safe(preview.why, 300), width).map((text) => line(muted(text)));
    case 'asking': {
      const since = now - preview.since;
      if (preview.before !== undefined) return previewOf(preview.before, width).map(staled);
      return [line(muted(`asking what it would do…${since >= 1_000 ? ` ${duration(since)}` : ''}`))];
    }
    case 'failed':
      return labelled('▲', 'warning', `no preview: ${preview.reason}`, width);
    case 'shown':
      return previewOf(preview.preview, width);
  }
}

const toneOrder = { now: 0, then: 1, warning: 2 } as const;

function previewOf({ lines }: Preview, width: number): Line[] {
  const inOrder = lines.toSorted((a, b) => toneOrder[a.tone] - toneOrder[b.tone]);
  return inOrder.flatMap(({ tone, text }, index) => {
    const again = inOrder[index - 1]?.tone === tone;
    if (tone === 'warning') return labelled('▲', 'warning', text, width);
    return labelled(again ? '' : tone === 'now' ? 'Now' : 'Then', 'muted', text, width);
  });
}

function labelled(label: string, tone: Tone, text: string, width: number): Line[] {
  return wrap(safe(text, 1_000), width - labelWidth).map((part, index) =>
    line(
      span(padEnd(index === 0 ? label : '', labelWidth), tone),
      span(part, tone === 'warning' ? 'warning' : 'text'),
    ),
  );
}

function lockOutLines({ lockOut }: BlockDialog, width: number): Line[] {
  return lockOut === undefined
    ? []
    : wrap(`▼ refused: ${safe(lockOut, 1_000)}`, width).map((text) => line(span(text, 'bad')));
}

function footLines(dialog: BlockDialog, width: number): Line[] {
  const act = dialog.act === 'block' ? 'Block' : 'Unblock';
  const buttons = cancelAnd(act, dialog.focus);
  const typing = dialog.focus === 'address' || dialog.focus === 'why' || dialog.focus === 'force';
  const keys = [
    // In a text a letter is a letter.
    ...(typing
      ? [span('↑↓', 'key', true), span(' field   ')]
      : [span('y', 'key', true), span(` ${act.toLowerCase()}   `)]),
    span('Esc', 'key', true),
    span(' back'),
  ];
  const hint = dialog.leaving ? 'q again leaves; nothing was sent' : dialog.hint;
  return [
    ...(hint === undefined
      ? []
      : wrap(`▲ ${safe(hint, 300)}`, width).map((text) => line(span(text, 'warning')))),
    apart(buttons, keys, width),
  ];
}
