// Previews of every command, refusals included: whoever asks sees at once that it would be refused, and why.

import type { Command, Preview } from '../domain/command.ts';
import type { ConnectionRow } from '../domain/connection.ts';
import { safe } from '../domain/safe.ts';
import { spokenDuration } from '../domain/units.ts';
import type { Engine } from '../engine/engine.ts';
import {
  type EndpointPreviewContext,
  endpointPreview,
  endpointUndoPreview,
} from './endpoints/endpoint-previews.ts';
import type { Journal } from './journal.ts';
import { type BlockPreviewContext, blockPreview, blockUndoPreview } from './kernel/block-previews.ts';
import type { Override } from './overrides.ts';
import { type PreviewFacts, previewServer } from './preview.ts';
import {
  type RoutePreviewContext,
  routePreview,
  routeUndoPreview,
  routeWriteBackPreview,
} from './route-previews.ts';
import { incapable, type ServerCommandContext, serverCommandFault } from './server-commands.ts';
import { renewPreview } from './shape/renew.ts';
import {
  reloadLines,
  type ShapePreviewContext,
  shapePreview,
  shapeUndoPreview,
} from './shape/shape-previews.ts';
import { shapeWriteBackPreview } from './shape/shape-write-back.ts';
import { findUndo } from './undo.ts';
import { commandText, overriddenText, stateText, subjectOf } from './wording.ts';
import type { FileEdits } from './write-back.ts';
import { editLines, writeBackPreview } from './write-back-preview.ts';

export interface PreviewContext {
  readonly facts: PreviewFacts;
  readonly journal: Journal;
  readonly servers: Pick<ServerCommandContext, 'engine' | 'states' | 'drains'>;
  readonly routes: RoutePreviewContext;
  readonly shape: ShapePreviewContext;
  readonly endpoints: EndpointPreviewContext;
  readonly blocks: BlockPreviewContext;
  readonly version: string;
  readonly edits: FileEdits;
  readonly configFile: string | undefined;
}

export async function previewOf(command: Command, context: PreviewContext): Promise<Preview> {
  switch (command.kind) {
    case 'drain':
    case 'ready':
    case 'maint':
    case 'weight':
    case 'rollback':
    case 'reset': {
      const fault = serverCommandFault(command, undefined, context.servers);
      const known = context.facts.model.server.has(command.server);
      if (fault && !known) return refused(command, fault.text);
      const preview = previewServer(command, context.facts);
      return fault
        ? { ...preview, lines: [...preview.lines, { tone: 'warning', text: fault.text }] }
        : preview;
    }
    case 'write-back':
      return writeBackPreview(command, context);
    case 'kill':
      return killPreview(command, context.servers.engine);
    case 'undo':
      return undoPreview(command, context);
    case 'tls-switch':
    case 'tls-revert':
    case 'reset-route':
      return routePreview(command, context.routes);
    case 'write-back-route':
      return routeWriteBackPreview(command, context.routes);
    case 'reload':
      return reloadPreview(context);
    case 'reshape':
    case 'reset-shape':
      return shapePreview(command, context.shape);
    case 'write-back-shape':
      return shapeWriteBackPreview(command, context.shape);
    case 'block':
    case 'confirm-block':
    case 'unblock':
      return blockPreview(command, context.blocks);
    case 'endpoint':
      return endpointPreview(command, context.endpoints);
    case 'renew':
      return renewPreview(command, context.shape.shape, context.version);
  }
}

function refused(command: Command, text: string): Preview {
  return { title: `${commandText(command)}: ${subjectOf(command)}`, lines: [{ tone: 'warning', text }] };
}

async function killPreview(
  { connection }: Extract<Command, { kind: 'kill' }>,
  engine: Engine,
): Promise<Preview> {
  const title = `kill connection ${connection}`;
  const fault = incapable(engine, 'kill');
  if (fault) return { title, lines: [{ tone: 'warning', text: fault.text }] };
  const row = await engine.connection(connection).catch(() => undefined);
  if (!row || row.phase === 'ended')
    return { title, lines: [{ tone: 'warning', text: 'there is no such connection any more' }] };
  return {
    title,
    lines: [
      { tone: 'now', text: connectionText(row) },
      { tone: 'then', text: killText(row) },
      { tone: 'then', text: 'the client may come back: killing keeps nobody away' },
      { tone: 'warning', text: 'it cannot be undone' },
    ],
  };
}

function connectionText({ client, bind, server, phase, ageMs, method, path }: ConnectionRow): string {
  const where = server === undefined ? bind : `${bind} to ${server}`;
  const what = method === undefined ? '' : `, ${method} ${path ?? ''}`;
  const age = spokenDuration(Math.floor(ageMs / 1_000) * 1_000);
  return safe(`${client} on ${where}, ${phase}, open for ${age}${what}`, 300);
}

function killText({ mode, phase }: ConnectionRow): string {
  switch (phase) {
    case 'idle':
      return 'it ends at once; no request is under way on it';
    case 'handshake':
      return 'it ends at once, before its TLS handshake is over';
    case 'head':
    case 'queue':
    case 'connect':
    case 'wait':
      return mode === 'tcp'
        ? 'it ends at once, for the client and the server'
        : 'its request is not answered by the server: the client gets 502 or a reset';
    case 'data':
    case 'tunnel':
    case 'ended':
      return 'it ends at once, for the client and the server: what is being carried is cut off';
  }
}

async function undoPreview(
  command: Extract<Command, { kind: 'undo' }>,
  context: PreviewContext,
): Promise<Preview> {
  const { journal, servers, routes, shape } = context;
  const found = findUndo(
    command.entry,
    journal,
    servers,
    routes.routes,
    shape.shape,
    context.endpoints.context.endpoints,
    context.blocks.context.blocks,
  );
  if (!('record' in found)) return { title: 'undo', lines: [{ tone: 'warning', text: found.text }] };
  const { entry, record } = found;
  if ('route' in record) return routeUndoPreview(entry, record, routes);
  if ('shape' in record) return shapeUndoPreview(entry, record, shape);
  if ('endpoint' in record) return endpointUndoPreview(entry, record);
  if ('block' in record) return blockUndoPreview(entry, record, context.blocks.clock.now());
  const state = servers.states.state(record.server)!;
  const about = { title: `undo "${entry.text}" of ${record.server}`, entry: entry.id, from: state };
  if (record.written) {
    const edit = await context.edits.ofUndo(record.written);
    if ('result' in edit) return { ...about, lines: [{ tone: 'warning', text: edit.text }] };
    return {
      ...about,
      lines: [
        ...editLines(edit),
        { tone: 'then', text: `it stays ${stateText(state)}, as an override of the configuration` },
      ],
    };
  }
  return {
    ...about,
    lines: [
      { tone: 'now', text: `${record.server} is ${stateText(state)}; that was done by ${entry.actor.name}` },
      { tone: 'then', text: `it is ${restoredText(record.before, record.server, context)} again` },
      ...(record.job ? [{ tone: 'then' as const, text: `the drain job of ${record.job.by} goes on` }] : []),
      ...(record.job === null ? [{ tone: 'then' as const, text: 'its drain job ends' }] : []),
    ],
  };
}

function restoredText(before: Override, server: `${string}/${string}`, { servers }: PreviewContext): string {
  const { admin, weight } = servers.states.configured(server)!;
  return stateText({ admin: before.admin?.value ?? admin, weight: before.weight?.value ?? weight });
}

async function reloadPreview({
  facts: { model },
  configFile,
  servers,
  shape,
}: PreviewContext): Promise<Preview> {
  const title = 'reload the configuration';
  const drift = [...model.drift.values()];
  const serverCount = new Set(drift.flatMap((entry) => ('server' in entry ? [entry.server] : []))).size;
  const routeCount = drift.filter((entry) => entry.field === 'termination').length;
  const shapeCount = drift.filter((entry) => !('server' in entry) && entry.field !== 'termination').length;
  const fault = incapable(servers.engine, 'reload');
  const hash = model.runtime.get('runtime')?.plan.hash ?? '–';
  return {
    title,
    lines: [
      ...(configFile === undefined
        ? [{ tone: 'warning' as const, text: 'this runtime was started without a configuration file' }]
        : [
            { tone: 'now' as const, text: `plan ${hash} from ${configFile}` },
            { tone: 'then' as const, text: 'the file is read again; a fault in it changes nothing' },
            {
              tone: 'then' as const,
              text: 'open connections stay; streams under way finish under the old plan',
            },
          ]),
      ...(drift.length > 0
        ? [
            {
              tone: 'then' as const,
              text: `overrides of ${overriddenText(serverCount, routeCount, shapeCount)} stay in force`,
            },
          ]
        : []),
      ...(fault
        ? [{ tone: 'warning' as const, text: fault.text }]
        : configFile === undefined
          ? []
          : await reloadLines(shape)),
    ],
  };
}
