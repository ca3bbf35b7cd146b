// What a change of a route's TLS mode would do to whom, in sentences. Nothing is probed, and nothing changed here.

import type { Preview, PreviewLine } from '../domain/command.ts';
import type { JournalEntry } from '../domain/journal.ts';
import type { Termination } from '../domain/tls.ts';
import { spokenDuration } from '../domain/units.ts';
import type { RouteFares } from './fares.ts';
import type { RouteUndo } from './journal.ts';
import {
  type RouteCommand,
  type RouteFaultContext,
  type RouteWriteBack,
  routeCommandFault,
  targetOf,
} from './route-commands.ts';
import { routeWriteBackFault } from './route-write-back.ts';
import { countText, shareText } from './wording.ts';
import type { FileEdits } from './write-back.ts';
import { editLines } from './write-back-preview.ts';

export interface RoutePreviewContext {
  readonly routes: RouteFaultContext;
  readonly fares: Pick<RouteFares, 'open'>;
  readonly edits: FileEdits;
}

type Lines = readonly PreviewLine[];

const carried: Readonly<Record<Termination, string>> = {
  passthrough: 'TLS goes through to its servers untouched: they end it, with certificates of their own',
  edge: 'TLS ends here, and its servers are spoken to in plain HTTP',
  reencrypt: 'TLS ends here, and its servers are spoken to over TLS of our own',
};

export function routePreview(command: RouteCommand, context: RoutePreviewContext): Preview {
  const { route } = command;
  const { routes } = context;
  const now = routes.routes.termination(route);
  const fault = routeCommandFault(command, undefined, routes);
  const warning: Lines = fault ? [{ tone: 'warning', text: fault.text }] : [];
  if (now === undefined) {
    const then = 'no such TLS mode runs: only what was remembered of it goes';
    return {
      title: `${titleOf(command)} ${route}`,
      lines: fault ? warning : [{ tone: 'then', text: then }],
    };
  }
  const to = targetOf(command, routes);
  return {
    title: command.kind === 'tls-switch' ? `switch ${route} to ${to}` : `${titleOf(command)} ${route}`,
    from: { termination: now },
    lines: [
      ...nowLines(route, context),
      ...thenLines(route, now, to, context.routes),
      ...termsLines(command, context),
      ...warning,
    ],
  };
}

function titleOf({ kind }: RouteCommand): string {
  switch (kind) {
    case 'tls-switch':
      return 'switch';
    case 'tls-revert':
      return 'revert the TLS mode of';
    case 'reset-route':
      return 'drop the override of';
  }
}

function nowLines(route: string, { routes: { routes }, fares }: RoutePreviewContext): Lines {
  const now = routes.termination(route)!;
  const held = routes.override(route);
  const by = held ? `by ${held.by}, configured: ${routes.configured(route)}` : 'as configured';
  const open = fares.open(route);
  const counts = (['passthrough', 'edge', 'reencrypt'] as const)
    .filter((mode) => open && open[mode] > 0)
    .map((mode) => `${countText(open![mode], 'connection')} in mode ${mode}`);
  const clients =
    open === undefined ? 'its traffic is not known yet' : counts.join(', ') || 'no connection open';
  return [{ tone: 'now', text: `${route} is ${now} (${by}): ${clients}` }];
}

function thenLines(route: string, now: Termination, to: Termination, { routes }: RouteFaultContext): Lines {
  const unverified = to === 'reencrypt' ? routes.unverified(route) : [];
  if (to === now) return [{ tone: 'then', text: `it stays ${now}` }];
  const clients: Lines =
    (now === 'passthrough') === (to === 'passthrough')
      ? []
      : [
          {
            tone: 'then',
            text:
              to === 'passthrough'
                ? "clients get its servers' certificates instead of ours"
                : "clients get our certificate instead of its servers'",
          },
        ];
  return [
    { tone: 'then', text: `${route} is ${to} from the next handshake on: ${carried[to]}` },
    ...clients,
    ...(to === 'passthrough'
      ? [
          {
            tone: 'then' as const,
            text: 'no requests, paths or cookies are seen any more: its log has connections alone',
          },
        ]
      : []),
    ...(unverified.length > 0
      ? [
          {
            tone: 'warning' as const,
            text: `verify: none: certificates of servers of ${unverified.join(' and ')} are not verified`,
          },
        ]
      : []),
  ];
}

function termsLines(command: RouteCommand, { routes }: RoutePreviewContext): Lines {
  if (command.kind !== 'tls-switch') {
    const last = routes.switches.of(command.route);
    return last?.phase === 'watching'
      ? [{ tone: 'then', text: `the switch by ${last.by} is not watched any more` }]
      : [{ tone: 'then', text: 'open connections keep their mode to their end' }];
  }
  const { watchMs, threshold, closeMs, force } = command;
  return [
    {
      tone: 'then',
      text:
        closeMs === 0
          ? 'open connections keep their mode to their end'
          : `open connections end: HTTP ones after the request under way, whatever is left in ${spokenDuration(closeMs)}`,
    },
    watchMs === 0
      ? { tone: 'warning', text: 'it is not watched: nothing reverts by itself' }
      : {
          tone: 'then',
          text: `it is watched for ${spokenDuration(watchMs)}, and reverts by itself where ${shareText(threshold)} more fail than before`,
        },
    ...(force === undefined
      ? []
      : [{ tone: 'warning' as const, text: 'forced: the preflight does not count' }]),
  ];
}

export async function routeWriteBackPreview(
  command: RouteWriteBack,
  { routes: context, edits }: RoutePreviewContext,
): Promise<Preview> {
  const { route } = command;
  const title = `write back ${route}`;
  const { routes } = context;
  const fault = routeWriteBackFault(command, undefined, context);
  const now = routes.termination(route);
  if (now === undefined) return { title, lines: refusal(fault) };
  const from = { termination: now };
  const held = routes.override(route);
  const lines: Lines = [
    { tone: 'now', text: `${route} is ${now}; configured: ${routes.configured(route)}` },
    ...(held ? [] : [{ tone: 'warning' as const, text: 'nothing differs: there is nothing to write back' }]),
  ];
  const edit = fault ?? (held ? await edits.ofRoute(route) : undefined);
  if (!edit) return { title, lines, from };
  if ('result' in edit) return { title, lines: [...lines, ...refusal(edit)], from };
  const then = `what runs stays as it is, and is the configuration's own: no override of ${held!.by} any more`;
  return { title, from, lines: [...lines, ...editLines(edit), { tone: 'then', text: then }] };
}

function refusal(refused: { readonly text: string; readonly remedy?: string } | undefined): Lines {
  if (!refused) return [];
  const { text, remedy } = refused;
  return [{ tone: 'warning', text: remedy === undefined ? text : `${text}: ${remedy}` }];
}

export async function routeUndoPreview(
  entry: JournalEntry,
  { route, before, written }: RouteUndo,
  { routes: context, edits }: RoutePreviewContext,
): Promise<Preview> {
  const { routes } = context;
  const now = routes.termination(route)!;
  const about = { title: `undo "${entry.text}" of ${route}`, entry: entry.id, from: { termination: now } };
  if (written) {
    const edit = await edits.ofUndo(written);
    if ('result' in edit) return { ...about, lines: refusal(edit) };
    const then = `it stays ${now}, as an override of the configuration`;
    return { ...about, lines: [...editLines(edit), { tone: 'then', text: then }] };
  }
  return {
    ...about,
    lines: [
      { tone: 'now', text: `${route} is ${now}; that was done by ${entry.actor.name}` },
      ...thenLines(route, now, before?.value ?? routes.configured(route)!, context),
      { tone: 'then', text: 'open connections keep their mode to their end' },
    ],
  };
}
