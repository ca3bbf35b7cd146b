// How a what-if is drawn: the changes to choose from, then the plan with its ghost bars, and the two buttons. Pure.

import type { Model } from '../../domain/model.ts';
import { shapeChangeText } from '../../domain/shape.ts';
import type { WhatIf } from '../../domain/shard-plan.ts';
import type { Block } from '../block.ts';
import { boxed } from '../box.ts';
import { duration, plural } from '../format.ts';
import type { Line, Span } from '../frame.ts';
import { spinnerAt } from '../message-line.ts';
import { apart, blank, line, muted, span, spansWidth, staled } from '../spans.ts';
import { padEnd, wrap } from '../text.ts';
import type { Traffic } from '../traffic.ts';
import { shownPart } from '../typed-text.ts';
import { type PlanWorld, planLines } from './plan-lines.ts';
import { parsedOf, type WhatIfDialog, whyNotApply } from './what-if.ts';
import { completionsOf, whatIfKinds, whatIfWords } from './what-if-text.ts';

/** Bars are read better long, sentences short. */
export const whatIfWidth = 100;

export interface WhatIfWorld {
  readonly model: Model;
  readonly traffic: Traffic;
  readonly now: number;
}

export function whatIfView(dialog: WhatIfDialog, world: WhatIfWorld, width: number, height: number): Block {
  return dialog.stage === 'choose'
    ? chooseStage(dialog, world, width, height)
    : planStage(dialog, world, width, height);
}

const kindWidth = 9;

function chooseStage(dialog: WhatIfDialog, { model }: WhatIfWorld, width: number, height: number): Block {
  const inner = width - 4;
  const text = dialog.texts[dialog.kind];
  const room = inner - kindWidth - 2;
  const shown = shownPart(text, room);
  const choices = whatIfKinds.map((kind): Line => {
    const chosen = kind === dialog.kind;
    const { syntax, meaning } = whatIfWords[kind];
    const head = [
      span(chosen ? '▸ ' : '  ', 'accent'),
      span(padEnd(kind, kindWidth), chosen ? 'accent' : 'text', chosen),
    ];
    if (!chosen) return line(...head, muted(syntax === '' ? meaning : `${padEnd(syntax, 23)} ${meaning}`));
    return kind === 'reload' ? line(...head, span(meaning)) : line(...head, span(shown.text, 'text', true));
  });
  const said = wrapped(dialog, model, inner).map((spans) => line(...spans));
  const keys = [
    ...key('Enter', 'ask the runtime'),
    ...key('↑↓', 'choose'),
    ...key('Tab', 'completes'),
    ...key('Esc', 'close'),
  ];
  const foot = spansWidth(keys) <= inner ? [apart([], keys, inner)] : [line(...key('Enter', 'ask'))];
  const content = [...choices, blank, ...said, ...hintLine(dialog), ...foot];
  // The line that is typed is never cut.
  const kept =
    content.length <= height - 2 ? content : [choices[whatIfKinds.indexOf(dialog.kind)]!, ...said, ...foot];
  const lines = boxed('What if: nothing is changed yet', kept.slice(0, Math.max(1, height - 2)), width);
  if (dialog.kind === 'reload') return { lines };
  const row = kept.indexOf(choices[whatIfKinds.indexOf(dialog.kind)]!);
  return { lines, cursor: { row: row + 1, column: 2 + 2 + kindWidth + shown.column } };
}

/** What is wrong with what is typed, and under which letter; else what would be asked. */
function wrapped(dialog: WhatIfDialog, model: Model, width: number): Span[][] {
  const { kind } = dialog;
  const { text } = dialog.texts[kind];
  const parsed = parsedOf(dialog, model);
  if (parsed.ok) return wrap(`What if ${parsed.title}?`, width).map((part) => [span(part)]);
  const found = kind === 'reload' ? [] : completionsOf(kind, text, model);
  const place = parsed.at < text.length ? `at ${parsed.at + 1}: ` : '';
  return [
    ...wrap(`▲ ${place}${parsed.message}`, width).map((part) => [
      span(part, place === '' ? 'muted' : 'warning'),
    ]),
    ...(found.length === 0
      ? []
      : [[muted(`  ${found.slice(0, 8).join('  ')}${found.length > 8 ? '  …' : ''}`)]]),
  ];
}

export function whatIfTitle(asked: WhatIf | undefined): string {
  if (asked === undefined) return '';
  if ('reload' in asked) return 'reload';
  return asked.changes
    .map((change) => {
      switch (change.kind) {
        case 'weight':
          return `weight of ${change.server} ${change.weight}`;
        case 'remove':
          return `take out ${change.server}`;
        default:
          return shapeChangeText(change);
      }
    })
    .join(', ');
}

interface PlanParts {
  readonly body: readonly Line[];
  readonly foot: readonly Line[];
  /** Lines of the body that are seen at once. */
  readonly page: number;
  readonly most: number;
}

function planParts(dialog: WhatIfDialog, world: WhatIfWorld, width: number, height: number): PlanParts {
  const inner = width - 4;
  const foot = [...hintLine(dialog), footLine(dialog, inner)];
  const body = planBody(dialog, world, inner);
  const room = Math.max(1, height - 2 - foot.length);
  const page = body.length <= room ? body.length : Math.max(1, room - 1);
  return { body, foot, page, most: Math.max(0, body.length - page) };
}

function planBody(
  { plan }: WhatIfDialog,
  { model, traffic, now }: WhatIfWorld,
  width: number,
): readonly Line[] {
  const planWorld: PlanWorld = {
    slotsOf: (shard) => model.shard.get(shard)?.steering.tableSize,
    bindsOf: (shard) => model.shard.get(shard)?.binds ?? [],
    requestsOf: (route) => traffic.routes.get(route)?.requests ?? undefined,
  };
  switch (plan.state) {
    case 'asking': {
      if (plan.before !== undefined) return planLines(plan.before, width, planWorld).map(staled);
      const since = now - plan.since;
      return [
        line(
          span(`${spinnerAt(since)} `, 'accent'),
          muted(`asking what it would do…${since >= 1_000 ? ` ${duration(since)}` : ''}`),
        ),
      ];
    }
    case 'failed':
      return wrap(`▲ no plan: ${plan.reason}`, width).map((part) => line(span(part, 'warning')));
    case 'shown':
      return planLines(plan.plan, width, planWorld);
  }
}

function planStage(dialog: WhatIfDialog, world: WhatIfWorld, width: number, height: number): Block {
  const { body, foot, page, most } = planParts(dialog, world, width, height);
  const top = Math.min(dialog.top, most);
  const below = body.length - top - page;
  const more =
    most === 0
      ? []
      : [
          line(
            ...(below > 0 ? [span('▾ ↓', 'key'), muted(` ${plural(below, 'more line')}  `)] : []),
            ...(top > 0 ? [span('▴ ↑', 'key'), muted(` ${top} above`)] : []),
          ),
        ];
  const air = most === 0 && body.length + foot.length + 1 <= height - 2 ? [blank] : [];
  const title = `What if: ${whatIfTitle(dialog.asked)}`;
  return {
    lines: boxed(
      title,
      [...body.slice(top, top + page), ...more, ...air, ...foot].slice(-Math.max(1, height - 2)),
      width,
    ),
  };
}

/** Where scrolling by `by` lines, or pages, leads on a terminal of this size. */
export function scrolledPlan(
  dialog: WhatIfDialog,
  world: WhatIfWorld,
  width: number,
  height: number,
  how: 'line' | 'page',
  by: 1 | -1,
): WhatIfDialog {
  const { page, most } = planParts(dialog, world, width, height);
  const step = how === 'line' ? by : by * Math.max(1, page - 1);
  return { ...dialog, top: Math.max(0, Math.min(most, Math.min(most, dialog.top) + step)) };
}

function footLine(dialog: WhatIfDialog, width: number): Line {
  const blocked = whyNotApply(dialog) !== undefined;
  const button = (name: string, focused: boolean, dim: boolean): Span =>
    focused
      ? span(`[ ${name} ]`, dim ? 'muted' : 'accent', true)
      : span(`  ${name}  `, dim ? 'muted' : 'text');
  const buttons = [
    span('   '),
    button('Cancel', dialog.focus === 'cancel', false),
    span('   '),
    button('Apply', dialog.focus === 'confirm', blocked),
  ];
  const keys = [
    ...(blocked ? [span('y apply   ', 'muted')] : key('y', 'apply')),
    ...key('Esc', dialog.direct ? 'close' : 'another'),
  ];
  return spansWidth(buttons) + spansWidth(keys) + 2 <= width ? apart(buttons, keys, width) : line(...buttons);
}

function key(name: string, title: string): Span[] {
  return [span(name, 'key', true), span(` ${title}   `)];
}

function hintLine({ hint, leaving }: WhatIfDialog): Line[] {
  const text = leaving ? 'q again leaves; nothing was sent' : hint;
  return text === undefined ? [] : [line(span(`▲ ${text}`, 'warning'))];
}
