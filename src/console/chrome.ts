// The frame around every screen: who and what (header), where (tabs), what is wrong (problem line), which keys (footer).

import type { AttachState } from '../client/runtime-client.ts';
import { duration, plural } from './format.ts';
import type { Line, Span } from './frame.ts';
import type { Problem } from './problem.ts';
import { problemsOf } from './problems.ts';
import { apart, muted, span, spansWidth, within } from './spans.ts';
import { type ScreenId, type ScreenTab, screens } from './state.ts';
import { cut } from './text.ts';
import { runtimeOf, type View } from './view.ts';

export function headerLine(view: View, width: number): Line {
  const runtime = runtimeOf(view);
  const left: Span[] = [
    span(' sluice', 'title', true),
    span(runtime === undefined ? '' : `  ${runtime.name}`, 'text', true),
  ];
  const engine = muted(runtime === undefined ? '' : ` · ${runtime.engine}`);
  const demo = runtime?.demo ? [span('  '), span('DEMO', 'warning', true)] : [];
  const drift = view.model.drift.size;
  // While that is in doubt, the room is for saying so.
  const present = view.attach.state === 'live' && !view.stale;
  const plan =
    runtime === undefined || !present ? [] : [muted('  plan '), span(runtime.plan.hash.slice(0, 4))];
  const overrides = drift > 0 && present ? [span('  '), span(`${drift} drift`, 'warning')] : [];
  const presently = presence(view);
  // On a narrow terminal the engine's name gives way first, then the plan: that this is a demo must be seen.
  const wishes: readonly (readonly [left: readonly Span[], right: readonly Span[]])[] = [
    [
      [...left, engine, ...demo],
      [...presently, ...plan, ...overrides],
    ],
    [
      [...left, ...demo],
      [...presently, ...plan, ...overrides],
    ],
    [
      [...left, ...demo],
      [...presently, ...overrides],
    ],
  ];
  const [shownLeft, shownRight] =
    wishes.find(([first, second]) => spansWidth(first) + spansWidth(second) + 2 <= width) ?? wishes.at(-1)!;
  return apart(shownLeft, [...shownRight, span(' ')], width);
}

/** Do I see the present? Whole seconds only: a clock that runs in the corner of the eye says nothing. */
function presence(view: View): Span[] {
  const { attach, frozenAt, present, heardAt } = view;
  if (attach.state !== 'live') return [span(lostText(view), attach.state === 'closed' ? 'bad' : 'warning')];
  const role = muted(`${attach.role} `);
  if (frozenAt !== undefined)
    return [
      role,
      span(`‖ frozen ${duration(present - frozenAt)}`, 'accent'),
      muted(` at ${view.timeOfDay(frozenAt)}`),
    ];
  if (view.stale)
    return [
      role,
      span(`◌ silent ${duration(present - heardAt)}, showing ${view.timeOfDay(heardAt)}`, 'warning'),
    ];
  const late = Math.floor((present - heardAt) / 1000);
  return [role, span('● live', 'good'), muted(late < 2 ? ' <1s' : ` ${late}s`)];
}

function lostText({ attach, present, heardAt, model, timeOfDay }: View): string {
  const showing = model.runtime.size > 0 ? `, showing ${timeOfDay(heardAt)}` : '';
  switch (attach.state) {
    case 'connecting':
      return `◌ connecting${showing}`;
    case 'waiting':
      return `◌ reconnecting ${Math.max(0, Math.floor((present - heardAt) / 1000))}s${showing}`;
    case 'closed':
      return `◌ ${closedWord(attach.code)}${showing}`;
    case 'live':
      return '● live';
  }
}

function closedWord(code: Extract<AttachState, { state: 'closed' }>['code']): string {
  switch (code) {
    case 'closed':
      return 'closed';
    case 'not-permitted':
      return 'not permitted';
    case 'incompatible':
      return 'incompatible';
  }
}

export function tabsLine(current: ScreenId, width: number): Line {
  const tabs = (titleOf: (tab: ScreenTab) => string) =>
    screens.flatMap((tab) => [
      span(` ${tab.key} `, 'key'),
      tab.id === current ? span(titleOf(tab), 'accent', true) : muted(titleOf(tab)),
    ]);
  const shorter = screens.filter(({ short }) => short !== undefined);
  const wishes = [
    // The last ones first: no more of them than must be.
    ...Array.from({ length: shorter.length + 1 }, (_, index) => {
      const cutDown = shorter.slice(shorter.length - index);
      return tabs((tab) => (cutDown.includes(tab) ? (tab.short ?? tab.title) : tab.title));
    }),
    // The keys still tell where the others are.
    tabs(({ id, title, short = title }) => (id === current ? title : cut(short, 5))),
    tabs(({ id, title, short = title }) => (id === current ? short : cut(short, 4))),
  ];
  return { spans: within(wishes.find((spans) => spansWidth(spans) <= width) ?? wishes.at(-1)!, width) };
}

/** Worst first, as many as fit; how many do not is said at the right edge. */
export function problemLine(view: View, width: number): Line {
  const { attach, model } = view;
  if (attach.state === 'closed')
    return { spans: within([span(` ▼ ${attach.reason}`, 'bad'), muted(' · nothing more comes')], width) };
  if (attach.state === 'waiting')
    return { spans: within([span(` ◌ attempt ${attach.attempt}: ${attach.reason}`, 'warning')], width) };
  if (model.runtime.size === 0) return { spans: within([muted(' ◌ nothing known yet')], width) };
  const problems = problemsOf(view);
  if (problems.length === 0 && model.backend.size === 0)
    return { spans: within([muted(' ? nothing to serve: no backends are configured')], width) };
  if (problems.length === 0) return { spans: within(allWell(view), width) };
  const spans: Span[] = [];
  let shown = 0;
  const room = width - 1;
  for (const problem of problems) {
    const more = problems.length - shown - 1;
    const tail = more > 0 ? spansWidth(moreSpans(more)) + 1 : 0;
    const left = shown === 0 ? Number.POSITIVE_INFINITY : room - spansWidth(spans) - tail - 2;
    const piece = textsOf(problem, problems[shown + 1], room)
      .map((text) => problemSpans(problem, text))
      .find((spans) => spansWidth(spans) <= left);
    if (piece === undefined) break;
    if (shown > 0) spans.push(span('  '));
    spans.push(...piece);
    shown += 1;
  }
  const left = problems.length - shown;
  return left === 0 ? { spans: within(spans, width) } : apart(spans, moreSpans(left), width);
}

/** What is only under way makes room for what is wrong, where both fit so. */
function textsOf(problem: Problem, next: Problem | undefined, room: number): readonly string[] {
  const { text, short = text, tone } = problem;
  if (tone !== 'accent' || next === undefined) return [text, short];
  const both = [problemSpans(problem, short), problemSpans(next, next.short ?? next.text)];
  return spansWidth(both.flat()) + 2 <= room ? [short] : [text, short];
}

function problemSpans({ sign, tone }: Problem, text: string): Span[] {
  return [span(` ${sign} `, tone), span(text, tone === 'bad' ? 'bad' : 'text')];
}

function moreSpans(amount: number): Span[] {
  return [span(`+${amount} more `, 'warning')];
}

/** Without a check nobody knows of a server whether it is well: that is said, and of nothing but such servers no "well". */
function allWell({ model }: View): Span[] {
  const unchecked = [...model.server.values()].filter(
    ({ operational }) => operational === 'unchecked',
  ).length;
  const parts = [
    plural(model.backend.size, 'backend'),
    plural(model.server.size, 'server'),
    ...(unchecked > 0 && unchecked < model.server.size ? [`${unchecked} unchecked`] : []),
    ...(model.drain.size > 0 ? [`${model.drain.size} draining`] : []),
  ].join(', ');
  return unchecked > 0 && unchecked === model.server.size
    ? [muted(` ? no trouble seen, and no checks: ${parts}`)]
    : [span(' ● ', 'good'), muted(`all well: ${parts}`)];
}

export interface FooterKey {
  readonly key: string;
  readonly title: string;
  readonly disabled: boolean;
}

/** Keys of the selected object from the left, those that are the same everywhere at the right; what has no room is in the help. */
export function footerLine(own: readonly FooterKey[], everywhere: readonly FooterKey[], width: number): Line {
  const right = everywhere.flatMap(keySpans);
  const room = width - spansWidth(right) - 2;
  const left: Span[] = [];
  for (const key of own) {
    const spans = keySpans(key);
    if (spansWidth(left) + spansWidth(spans) > room) break;
    left.push(...spans);
  }
  return apart([span(' '), ...left], [...right], width);
}

function keySpans({ key, title, disabled }: FooterKey): Span[] {
  return [span(key, disabled ? 'muted' : 'key', !disabled), span(` ${title}  `, disabled ? 'muted' : 'text')];
}
