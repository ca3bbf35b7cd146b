// How the question before a switch is drawn: the three modes, then findings, who is affected, settings, buttons. Pure.

import type { RouteEntity } from '../../domain/model.ts';
import type { PreflightFinding } from '../../domain/preflight.ts';
import { terminations } from '../../domain/tls.ts';
import type { Block } from '../block.ts';
import { boxed } from '../box.ts';
import { chosenTime, count, duration, plural } from '../format.ts';
import type { Line, Span, Tone } from '../frame.ts';
import { spinnerAt } from '../message-line.ts';
import { apart, blank, line, muted, span, spansWidth } from '../spans.ts';
import { padEnd, widthOf, wrap } from '../text.ts';
import { modePictures } from '../tls-words.ts';
import { isForced, mustForce, type SwitchDialog, whyNotSwitch } from './switch-dialog.ts';

export interface SwitchWorld {
  /** undefined: it left the configuration while the question was open. */
  readonly route: RouteEntity | undefined;
  readonly now: number;
}

/** Evidence is a sentence, and is broken less often so. */
export const switchDialogWidth = 100;

/** Lines that findings get before anything else that could be left out. */
const leastFindings = 2;

export function switchDialogView(
  dialog: SwitchDialog,
  world: SwitchWorld,
  width: number,
  height: number,
): Block {
  return dialog.stage === 'mode'
    ? modeStage(dialog, world, width, height)
    : checkStage(dialog, world, width, height);
}

function modeStage(dialog: SwitchDialog, { route }: SwitchWorld, width: number, height: number): Block {
  const inner = width - 4;
  const choices = terminations.flatMap((mode): Line[] => {
    const chosen = mode === dialog.choice;
    const present = mode === dialog.present;
    const { way, meaning } = modePictures[mode];
    const head = [
      span(chosen ? '▸ ' : '  ', 'accent'),
      span(padEnd(mode, 12), chosen ? 'accent' : 'text', chosen),
    ];
    const drawn = [...head, span(way, chosen ? 'text' : 'muted')];
    return [
      present ? apart(drawn, [muted('now')], inner) : line(...drawn),
      ...(inner >= 64 ? [line(muted(`${' '.repeat(14)}${meaning}`))] : []),
    ];
  });
  const gone = route === undefined ? [warning(`${dialog.route} is not in the configuration any more`)] : [];
  const keys = [key('Enter', `check ${dialog.choice}`), key('↑↓', 'choose'), key('Esc', 'close')].flat();
  const hint = hintLine(dialog);
  const content = [
    ...choices,
    ...gone,
    ...hint,
    blank,
    apart([muted(inner < 70 ? '' : '  nothing is switched yet')], keys, inner),
  ];
  return { lines: boxed(`TLS mode of ${dialog.route}`, content.slice(-Math.max(1, height - 2)), width) };
}

function checkParts(dialog: SwitchDialog, world: SwitchWorld, width: number, height: number) {
  const inner = width - 4;
  const settings = settingLines(dialog, inner);
  const force = forceLines(dialog, inner);
  const foot = [...hintLine(dialog), footLine(dialog, inner)];
  const affected = affectedLines(dialog);
  const gone =
    world.route === undefined ? [warning(`${dialog.route} is not in the configuration any more`)] : [];
  const fixed = [...gone, ...settings, ...force, ...foot].length;
  // On the smallest terminal what was found comes before who is affected.
  const told = height - 2 - fixed - affected.length >= leastFindings ? affected : [];
  const room = Math.max(1, height - 2 - fixed - told.length);
  const findings = findingLines(dialog, world.now, inner, room);
  // Air only where it costs no finding.
  const air = findings.lines.length + 2 <= room ? [blank] : [];
  return {
    findings,
    force,
    content: [...findings.lines, ...air, ...told, ...settings, ...air, ...gone, ...force, ...foot],
  };
}

function checkStage(dialog: SwitchDialog, world: SwitchWorld, width: number, height: number): Block {
  const { force, content } = checkParts(dialog, world, width, height);
  const shown = content.slice(-Math.max(1, height - 2));
  const title = `Switch ${dialog.route}: ${dialog.present} → ${dialog.choice}`;
  const lines = boxed(title, shown, width);
  const row = shown.indexOf(force.at(-1) ?? blank);
  if (dialog.focus !== 'force' || row < 0) return { lines };
  const typedCells = widthOf(dialog.force.text.slice(0, dialog.force.at));
  return { lines, cursor: { row: row + 1, column: 2 + widthOf(forcePrompt) + typedCells } };
}

function looks({ severity }: PreflightFinding): { readonly sign: string; readonly tone: Tone } {
  switch (severity) {
    case 'good':
      return { sign: '●', tone: 'good' };
    case 'note':
      return { sign: '·', tone: 'muted' };
    case 'warning':
      return { sign: '▲', tone: 'warning' };
    case 'unsafe':
      return { sign: '▼', tone: 'bad' };
  }
}

/** What must be read is never what is left out: unsafe first, then warnings, then as they came in. */
const rank = { unsafe: 0, warning: 1, note: 2, good: 3 } as const;

function findingLines(dialog: SwitchDialog, now: number, width: number, room: number): FindingsPart {
  const { preflight } = dialog;
  switch (preflight.state) {
    case 'asking':
      return unscrolled([
        line(span(`${spinnerAt(now - preflight.since)} `, 'accent'), muted('begins to probe…')),
      ]);
    case 'failed':
      return unscrolled(
        wrap(`▲ no preflight: ${preflight.reason}`, width).map((part) => line(span(part, 'warning'))),
      );
    case 'seen': {
      const { findings, pending, verdict } = preflight.preflight;
      const busy =
        verdict === 'running' && room > 1
          ? [
              line(
                span(`${spinnerAt(now - preflight.since)} `, 'accent'),
                muted(pending === 0 ? 'weighs what was found' : `${pending} under way`),
                muted(` … ${duration(now - preflight.since)}`),
              ),
            ]
          : [];
      const part = scrolledFindings(findings, dialog.top, width, room - busy.length);
      return { ...part, lines: [...part.lines, ...busy] };
    }
  }
}

interface FindingsPart {
  readonly lines: readonly Line[];
  /** Lines of findings that are seen at once, and how far the first of them can be scrolled. */
  readonly page: number;
  readonly most: number;
}

const unscrolled = (lines: readonly Line[]): FindingsPart => ({ lines, page: lines.length, most: 0 });

/** Nothing is cut: what has no room is scrolled to, and how bad it is stands in the last line. */
function scrolledFindings(
  findings: readonly PreflightFinding[],
  from: number,
  width: number,
  room: number,
): FindingsPart {
  const subjects = Math.min(18, Math.max(8, ...findings.map(({ subject }) => widthOf(subject))));
  const asTheyCame = findings.flatMap((finding) => findingText(finding, subjects, width));
  if (asTheyCame.length <= room) return unscrolled(asTheyCame);
  const rows = findings
    .toSorted((a, b) => rank[a.severity] - rank[b.severity])
    .flatMap((finding) => findingText(finding, subjects, width).map((text) => ({ finding, text })));
  const page = Math.max(1, room - 1);
  const most = Math.max(0, rows.length - page);
  const top = Math.min(from, most);
  const shown = rows.slice(top, top + page).map(({ text }) => text);
  const below = rows.slice(top + page);
  if (room < 2) {
    const left = below.length > 0 ? `+${below.length} PgDn` : 'PgUp';
    return { lines: shown.map(({ spans }) => apart(spans, [muted(left)], width)), page, most };
  }
  return { lines: [...shown, hiddenLine(below, top)], page, most };
}

/** A finding that is cut counts as hidden: what is hidden of it may be what it is about. */
function hiddenLine(below: readonly { readonly finding: PreflightFinding }[], above: number): Line {
  const found = [...new Set(below.map(({ finding }) => finding))];
  const amounts = (['unsafe', 'warning', 'note', 'good'] as const).flatMap((severity) => {
    const amount = found.filter((finding) => finding.severity === severity).length;
    const word =
      severity === 'warning' || severity === 'note' ? plural(amount, severity) : `${amount} ${severity}`;
    return amount === 0 ? [] : [word];
  });
  const loud = found.some(({ severity }) => rank[severity] <= rank.warning);
  return line(
    ...(below.length === 0
      ? []
      : [
          span('▾ PgDn', 'key'),
          span(
            ` ${count(below.length)} more ${below.length === 1 ? 'line' : 'lines'}: ${amounts.join(', ')}  `,
            loud ? 'warning' : 'muted',
          ),
        ]),
    ...(above === 0 ? [] : [span('▴ PgUp', 'key'), muted(` ${above} above`)]),
  );
}

/** Where paging by `by` leads on a terminal of this size. */
export function pagedFindings(
  dialog: SwitchDialog,
  world: SwitchWorld,
  width: number,
  height: number,
  by: 1 | -1,
): SwitchDialog {
  if (dialog.stage !== 'check') return dialog;
  const { page, most } = checkParts(dialog, world, width, height).findings;
  const top = Math.max(0, Math.min(most, Math.min(most, dialog.top) + by * page));
  return { ...dialog, top };
}

function findingText(finding: PreflightFinding, subjects: number, width: number): Line[] {
  const { sign, tone } = looks(finding);
  const { subject, severity, text, remedy } = finding;
  const room = Math.max(10, width - subjects - 4);
  const loud = severity === 'unsafe' || severity === 'warning';
  const shown = wrap(text, room).map((part, index) =>
    line(
      span(index === 0 ? `${sign} ` : '  ', tone),
      // A finding's subject stands once: what follows under it belongs to it.
      span(padEnd(index === 0 ? cutTo(subject, subjects) : '', subjects), loud ? 'text' : 'muted'),
      span('  '),
      span(part, loud ? tone : 'text'),
    ),
  );
  const advice =
    remedy === undefined
      ? []
      : wrap(`→ ${remedy}`, room).map((part) => line(span(' '.repeat(subjects + 4)), muted(part)));
  return [...shown, ...advice];
}

function cutTo(text: string, width: number): string {
  return widthOf(text) <= width ? text : `${[...text].slice(0, width - 1).join('')}…`;
}

function affectedLines({ preflight, closeMs }: SwitchDialog): Line[] {
  if (preflight.state !== 'seen') return [];
  const { connections } = preflight.preflight;
  const open = terminations.filter((mode) => connections[mode] > 0);
  const total = open.reduce((sum, mode) => sum + connections[mode], 0);
  const modes = open.flatMap((mode, index) => [
    muted(index === 0 ? ': ' : ' · '),
    span(count(connections[mode])),
    muted(` ${mode}`),
  ]);
  const then =
    closeMs === 0 ? 'they keep their mode' : `those in another mode end within ${chosenTime(closeMs)}`;
  return total === 0
    ? [line(muted('Affected  '), span('no connection is open'), muted('; the next handshakes are'))]
    : [line(muted('Affected  '), span(`${count(total)} open`), ...modes, muted(`; ${then}`))];
}

function settingLines({ focus, watchMs, threshold, closeMs }: SwitchDialog, width: number): Line[] {
  const watch = setting('Watch', watchMs === 0 ? 'not at all' : chosenTime(watchMs), focus === 'watch');
  const revert = setting(
    'Revert beyond',
    watchMs === 0 ? 'never' : `${Math.round(threshold * 100)} % more`,
    focus === 'threshold',
  );
  const close = setting(
    'Open connections',
    closeMs === 0 ? 'keep' : `end in ${chosenTime(closeMs)}`,
    focus === 'close',
  );
  const all = [...watch, ...revert, ...close];
  return spansWidth(all) <= width ? [line(...all)] : [line(...watch, ...revert), line(...close)];
}

function setting(word: string, value: string, focused: boolean): Span[] {
  return [
    span(`${word} `, focused ? 'accent' : 'muted'),
    ...(focused ? [span(`‹${value}›`, 'accent', true)] : [span(` ${value} `)]),
    span(' '),
  ];
}

const forcePrompt = 'Name  ';

function forceLines(dialog: SwitchDialog, width: number): Line[] {
  if (!mustForce(dialog)) return [];
  const { route, force, focus } = dialog;
  const why =
    dialog.preflight.state === 'failed'
      ? `▼ Nothing was checked. Type ${route} to switch all the same:`
      : `▼ Clients would fail. Type ${route} to switch all the same:`;
  const shown = force.text === '' && focus !== 'force' ? '(↑ leads here)' : force.text;
  return [
    ...wrap(why, width).map((part) => line(span(part, 'bad'))),
    line(
      span(forcePrompt, focus === 'force' ? 'accent' : 'muted'),
      span(shown, isForced(dialog) ? 'bad' : force.text === '' ? 'muted' : 'text', isForced(dialog)),
    ),
  ];
}

function footLine(dialog: SwitchDialog, width: number): Line {
  const blocked = whyNotSwitch(dialog) !== undefined;
  const act = mustForce(dialog) ? 'Switch all the same' : 'Switch';
  const button = (name: string, focused: boolean, tone: Tone): Span =>
    focused
      ? span(`[ ${name} ]`, blocked && name === act ? 'muted' : 'accent', true)
      : span(`  ${name}  `, tone);
  const buttons = [
    span(' '),
    button('Cancel', dialog.focus === 'cancel', 'text'),
    span('  '),
    button(act, dialog.focus === 'confirm', blocked ? 'muted' : 'text'),
  ];
  const confirming = ((): Span[] => {
    // In the name a `y` is a letter.
    if (dialog.focus === 'force') return key('Enter', 'to the buttons');
    return blocked ? [span('y switch   ', 'muted')] : key('y', 'switch');
  })();
  const keys = [...confirming, ...key('Esc', 'other mode')];
  // The frame's footer has the keys too; the buttons are only here.
  return spansWidth(buttons) + spansWidth(keys) + 2 <= width ? apart(buttons, keys, width) : line(...buttons);
}

function key(name: string, title: string): Span[] {
  return [span(name, 'key', true), span(` ${title}   `)];
}

function hintLine({ hint, leaving }: SwitchDialog): Line[] {
  const text = leaving ? 'q again leaves; nothing was sent' : hint;
  return text === undefined ? [] : [warning(text)];
}

function warning(text: string): Line {
  return line(span(`▲ ${text}`, 'warning'));
}
