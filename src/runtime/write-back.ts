// Drift written back: what an operator changed becomes the configuration's own. Its file is edited where it must be,
// loaded again before it is written, and put in force; what runs stays as it is, because the override goes in the same
// step in which the configuration comes to say the same.

import { createHash } from 'node:crypto';
import { type LineChange, lineChanges } from '../config/line-changes.ts';
import { planHash } from '../config/plan-hash.ts';
import { writeBack } from '../config/write-back.ts';
import type { Command } from '../domain/command.ts';
import { type Plan, type ServerKey, serverKey } from '../domain/plan.ts';
import { safe } from '../domain/safe.ts';
import { reshaped, type ShapeChange } from '../domain/shape.ts';
import type { Termination } from '../domain/tls.ts';
import type { Done, Prepare, Prepared, Refused } from './commands.ts';
import { readConfiguration, replaceConfiguration } from './configuration-file.ts';
import type { CommandRequest } from './control/services.ts';
import type { UndoRecord, WrittenText } from './journal.ts';
import { beyond, isEmpty, noOverride, type Override, type Wish } from './overrides.ts';
import { faultsText, type LoadPlan, type Reload } from './reload.ts';
import type { RouteOverride, RouteStates } from './route-states.ts';
import {
  refuse,
  type ServerCommandContext,
  serverCommandFault,
  type WriteBackCommand,
} from './server-commands.ts';
import type { HeldShapes } from './shape/held-shape.ts';
import type { Plans } from './shape/plans.ts';
import { commandText, stateText } from './wording.ts';

/** An edit that was thought through, and not made yet. */
export interface FileEdit {
  readonly file: string;
  readonly before: string;
  readonly after: string;
  /** Of the text after it. */
  readonly plan: Plan;
  readonly changes: readonly LineChange[];
}

export interface FileEdits {
  /** What writing a server's drift back would change. */
  ofServer(server: ServerKey): Promise<FileEdit | Refused>;
  /** The same of a route's TLS mode in force. */
  ofRoute(route: string): Promise<FileEdit | Refused>;
  /** The same of one override of shape. */
  ofShape(change: ShapeChange): Promise<FileEdit | Refused>;
  /** What putting back an earlier text would change. */
  ofUndo(written: WrittenText): Promise<FileEdit | Refused>;
  /** @param held overrides that hold together with the new text, and make the same of it as what holds now */
  carryOut(edit: FileEdit, held?: Held): Promise<Done>;
}

export interface Held {
  readonly servers?: ReadonlyMap<ServerKey, Override>;
  readonly routes?: ReadonlyMap<string, RouteOverride>;
  /** All that hold, of shape. */
  readonly shape?: HeldShapes;
}

const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex');

export function createFileEdits(options: {
  readonly file: string | undefined;
  readonly load: LoadPlan | undefined;
  readonly reload: Reload;
  readonly states: ServerCommandContext['states'];
  readonly routes: RouteStates;
  plans(): Plans;
}): FileEdits {
  const { file, load, reload, states, routes } = options;
  const configured = (): Plan => options.plans().configured;

  /** The file's text, while it says what is in force. */
  async function present(): Promise<{ readonly text: string } | Refused> {
    if (file === undefined || !load)
      return refuse(
        'not-capable',
        'this runtime was started without a configuration file: there is nothing to write to',
      );
    let text: string;
    try {
      text = await readConfiguration(file);
    } catch (error) {
      return refuse('not-capable', `${file} cannot be read: ${(error as Error).message}`);
    }
    const loaded = await load(text);
    if (!loaded.ok)
      return refuse(
        'bad-configuration',
        faultsText(loaded.errors),
        'put it right and reload, then write back',
      );
    const { hash } = configured();
    if (loaded.plan.hash !== hash)
      return refuse(
        'changed-since',
        `${file} was edited, and is not what was loaded (plan ${loaded.plan.hash}, loaded ${hash})`,
        'reload first: `sluice reload`',
      );
    return { text };
  }

  async function edit(before: string, after: string, expected?: string): Promise<FileEdit | Refused> {
    const loaded = await load!(after);
    if (!loaded.ok) return refuse('bad-configuration', faultsText(loaded.errors), 'edit the file by hand');
    if (expected !== undefined && loaded.plan.hash !== expected)
      return refuse(
        'bad-configuration',
        `${file} is written in a way that cannot be edited`,
        'edit it by hand',
      );
    return { file: file!, before, after, plan: loaded.plan, changes: lineChanges(before, after) };
  }

  function written(
    text: string,
    values: Parameters<typeof writeBack>[1][number],
    expected: Plan,
    remedy?: string,
  ): Promise<FileEdit | Refused> | Refused {
    const made = writeBack(text, [values]);
    if (made.ok) return edit(text, made.text, planHash(expected));
    const at = made.line === undefined ? '' : `:${made.line}`;
    return refuse('bad-configuration', `${file}${at}: ${made.problem}`, remedy);
  }

  return {
    async ofServer(key) {
      const now = await present();
      if ('result' in now) return now;
      const [backend = '', server = ''] = key.split('/');
      const values = valuesOf(beyond(states.override(key), states.configured(key)!));
      return written(now.text, { backend, server, ...values }, withValues(configured(), key, values));
    },

    async ofRoute(route) {
      const now = await present();
      if ('result' in now) return now;
      const termination = routes.termination(route)!;
      return written(now.text, { route, termination }, withTermination(configured(), route, termination));
    },

    async ofShape(change) {
      const now = await present();
      if ('result' in now) return now;
      const { watch } = configured().runtime;
      const elsewhere =
        change.kind === 'relabel' && watch !== undefined
          ? `what comes from the watched folder ${watch} is relabelled there`
          : undefined;
      return written(now.text, change, reshaped(configured(), [change]), elsewhere);
    },

    async ofUndo({ hash, at, length, was }) {
      const now = await present();
      if ('result' in now) return now;
      const { text } = now;
      if (hashOf(text) !== hash)
        return refuse('changed-since', `${file} was edited since`, 'edit it by hand, and reload');
      return edit(text, text.slice(0, at) + was + text.slice(at + length));
    },

    async carryOut({ before, after, plan }, held = {}) {
      const { servers = new Map(), routes: modes = new Map(), shape } = held;
      try {
        await replaceConfiguration(file!, before, after);
      } catch (error) {
        return refuse('not-capable', `${file} cannot be written: ${(error as Error).message}`);
      }
      states.hold(servers);
      routes.hold(modes);
      const done = await reload.apply(plan, shape);
      if (done.result === 'done') return done;
      states.hold(new Map([...servers.keys()].map((key) => [key, noOverride])));
      routes.hold(new Map([...modes.keys()].map((route) => [route, undefined])));
      try {
        await replaceConfiguration(file!, after, before);
        return done;
      } catch (error) {
        const text = `${done.text}; ${file} has the new values, and cannot be put back: ${(error as Error).message}`;
        return { ...done, text };
      }
    },
  };
}

function valuesOf({ admin, weight }: Override): Wish {
  return { ...(admin && { admin: admin.value }), ...(weight && { weight: weight.value }) };
}

function withValues(plan: Plan, key: ServerKey, values: Wish): Plan {
  return {
    ...plan,
    backends: plan.backends.map((backend) => ({
      ...backend,
      servers: backend.servers.map((server) =>
        serverKey(backend.name, server.name) === key ? { ...server, ...values } : server,
      ),
    })),
  };
}

function withTermination(plan: Plan, name: string, termination: Termination): Plan {
  return {
    ...plan,
    routes: plan.routes.map((route) =>
      route.name === name && route.tls ? { ...route, tls: { ...route.tls, termination } } : route,
    ),
  };
}

/** Why a server's drift cannot be written back now; undefined where its file decides. */
export function writeBackFault(
  command: WriteBackCommand,
  from: CommandRequest['from'],
  context: Pick<ServerCommandContext, 'engine' | 'states' | 'drains'>,
): Refused | undefined {
  const { server } = command;
  const fault = serverCommandFault(command, from, context);
  if (fault) return fault;
  const job = context.drains.job(server);
  // A drain is on its way somewhere: what it comes to can be written back, not the drain.
  return (
    job &&
    refuse(
      'busy',
      `a drain job of ${job.by} runs on ${server}`,
      'finish it with maint or ready, or roll it back',
    )
  );
}

export async function prepareWriteBack(
  command: WriteBackCommand,
  from: CommandRequest['from'],
  context: ServerCommandContext,
  edits: FileEdits,
): Promise<Awaited<ReturnType<Prepare>>> {
  const { server } = command;
  const { states } = context;
  const fault = writeBackFault(command, from, context);
  if (fault) return fault;
  const before = states.override(server);
  const state = stateText(states.state(server)!);
  if (isEmpty(beyond(before, states.configured(server)!)))
    return { result: 'done', nothing: true, text: `${server} is ${state}, as configured already` };
  const edit = await edits.ofServer(server);
  if ('result' in edit) return edit;
  return preparedEdit(command, edit, edits, context, `${server}: ${state}`, (written) => ({
    server,
    before,
    after: states.override(server),
    written,
  }));
}

/** An edit that makes an override the configuration's own. `what`: "web/app1: drain, weight 100". */
export function preparedEdit(
  command: Command,
  edit: FileEdit,
  edits: FileEdits,
  { save }: { save(): Promise<void> },
  what: string,
  undo: (written: WrittenText) => UndoRecord,
): Prepared {
  return {
    result: 'prepared',
    text: commandText(command),
    before: linesText(edit, 'was'),
    async carryOut() {
      const done = await edits.carryOut(edit);
      if (done.result !== 'done') return done;
      await save();
      return {
        result: 'done',
        severity: 'good',
        after: linesText(edit, 'is'),
        text: `${what} is written to ${edit.file} (${done.text})`,
        undo: undo(writtenText(edit)),
      };
    },
  };
}

/** One line for the journal: the lines of one side. */
export function linesText({ file, changes }: FileEdit, side: 'was' | 'is'): string {
  const lines = changes.flatMap(({ line, [side]: text }) =>
    text === undefined ? [] : [`${file}:${line}: ${text.trim()}`],
  );
  return lines.length === 0 ? 'no such line' : safe(lines.join(' · '), 400);
}

function writtenText({ before, after }: FileEdit): WrittenText {
  const shorter = Math.min(before.length, after.length);
  let at = 0;
  while (at < shorter && before[at] === after[at]) at++;
  let tail = 0;
  while (tail < shorter - at && before.at(-1 - tail) === after.at(-1 - tail)) tail++;
  return {
    hash: hashOf(after),
    at,
    length: after.length - tail - at,
    was: before.slice(at, before.length - tail),
  };
}
