// What outlives a restart: overrides of servers, routes and shape, and running drain jobs, in one small file that is replaced as a whole.

import { mkdir, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import * as z from 'zod';
import type { DrainJob } from '../domain/drain.ts';
import type { BlockEntity } from '../domain/kernel.ts';
import type { ServerKey } from '../domain/plan.ts';
import type { Termination } from '../domain/tls.ts';
import type { TlsSwitch } from '../domain/tls-switch.ts';
import { weight } from '../protocol/schemas/commands.ts';
import { drain, tlsSwitch } from '../protocol/schemas/entities.ts';
import { blockAddress, endpointAddress } from '../protocol/schemas/kernel.ts';
import { shapeChange } from '../protocol/schemas/shape.ts';
import { adminState, amount, line, routeName, serverKey, termination } from '../protocol/schemas/words.ts';
import type { HeldEndpoint } from './endpoints/endpoint-states.ts';
import type { Override, Wished } from './overrides.ts';
import { replaceFile } from './replace-file.ts';
import { type HeldShapes, noShapes, shapeKey } from './shape/held-shape.ts';

export interface SavedState {
  readonly overrides: ReadonlyMap<ServerKey, Override>;
  readonly drains: readonly DrainJob[];
  /** TLS modes that operators wished, by route. */
  readonly routes: ReadonlyMap<string, Wished<Termination>>;
  readonly switches: readonly TlsSwitch[];
  /** What operators changed of the plan's shape, by drift key. */
  readonly shape: HeldShapes;
  /** Endpoints of services that operators drain. */
  readonly endpoints: readonly HeldEndpoint[];
  /** Addresses that are blocked. */
  readonly blocks: readonly BlockEntity[];
}

export const emptyState: SavedState = {
  overrides: new Map(),
  drains: [],
  routes: new Map(),
  switches: [],
  shape: noShapes,
  endpoints: [],
  blocks: [],
};

const override = z.strictObject({
  server: serverKey,
  admin: z.strictObject({ value: adminState, by: line, at: amount }).exactOptional(),
  weight: z.strictObject({ value: weight, by: line, at: amount }).exactOptional(),
});
const routeMode = z.strictObject({ route: routeName, value: termination, by: line, at: amount });
const heldShape = z.strictObject({ value: shapeChange, by: line, at: amount });
const endpoint = z.strictObject({
  server: serverKey,
  endpoint: endpointAddress,
  value: z.literal('drain'),
  by: line,
  at: amount,
});
const block = z.strictObject({
  address: blockAddress,
  why: line,
  by: line,
  at: amount,
  until: amount.exactOptional(),
  confirmBy: amount.exactOptional(),
});
const document = z.strictObject({
  version: z.literal(1),
  savedAt: amount,
  overrides: z.array(override),
  drains: z.array(drain),
  // Not in the files of runtimes before these were known, and left out where there are none: those read it, too.
  routes: z.array(routeMode).exactOptional(),
  switches: z.array(tlsSwitch).exactOptional(),
  shape: z.array(heldShape).exactOptional(),
  endpoints: z.array(endpoint).exactOptional(),
  blocks: z.array(block).exactOptional(),
});

export type ReadState = { readonly state: SavedState; readonly warning?: string };

/** A file that makes no sense is set aside, never a reason not to start. */
export async function readState(path: string, now: number): Promise<ReadState> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return { state: emptyState };
    return {
      state: emptyState,
      warning: `state file ${path} cannot be read, started without it: ${message}`,
    };
  }
  const read = parse(text);
  if ('state' in read) return read;
  const aside = `${path}.unreadable-${now}`;
  const kept = await rename(path, aside).then(
    () => `kept as ${aside}`,
    (error: Error) => `and could not be set aside: ${error.message}`,
  );
  return {
    state: emptyState,
    warning: `state file ${path} makes no sense (${read.fault}), ${kept}; overrides of earlier runs are not in force`,
  };
}

function parse(text: string): { readonly state: SavedState } | { readonly fault: string } {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    return { fault: (error as Error).message };
  }
  const parsed = document.safeParse(json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return { fault: `${issue?.path.join('.') || 'document'}: ${issue?.message}` };
  }
  const {
    overrides,
    drains,
    routes = [],
    switches = [],
    shape = [],
    endpoints = [],
    blocks = [],
  } = parsed.data;
  return {
    state: {
      overrides: new Map(overrides.map(({ server, ...held }) => [server, held])),
      drains,
      routes: new Map(routes.map(({ route, ...held }) => [route, held])),
      switches,
      shape: new Map(shape.map((held) => [shapeKey(held.value), held])),
      endpoints,
      blocks,
    },
  };
}

/** Replaced in one step: a crash leaves the old file or the new one. Readable by its owner only. */
export async function writeState(
  path: string,
  { overrides, drains, routes, switches, shape, endpoints, blocks }: SavedState,
  now: number,
): Promise<void> {
  const text = JSON.stringify(
    {
      version: 1,
      savedAt: now,
      overrides: [...overrides].map(([server, held]) => ({ server, ...held })),
      drains: [...drains],
      ...(routes.size > 0 && { routes: [...routes].map(([route, held]) => ({ route, ...held })) }),
      ...(switches.length > 0 && { switches: [...switches] }),
      ...(shape.size > 0 && { shape: [...shape.values()] }),
      ...(endpoints.length > 0 && { endpoints: [...endpoints] }),
      ...(blocks.length > 0 && { blocks: [...blocks] }),
    } satisfies z.input<typeof document>,
    null,
    1,
  );
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await replaceFile(path, text, 0o600);
}

/** Writes one at a time, the newest last; a burst of changes costs two writes. */
export function createStateWriter(
  path: string | undefined,
  state: () => SavedState,
  now: () => number,
  failed: (text: string) => void,
): { save(): Promise<void> } {
  let writing: Promise<void> | undefined;
  let next: Promise<void> | undefined;
  const write = async (): Promise<void> => {
    if (path === undefined) return;
    await writeState(path, state(), now()).catch((error: Error) =>
      failed(`state file ${path} cannot be written: ${error.message}; overrides would not outlive a restart`),
    );
  };
  return {
    save() {
      if (next) return next;
      if (writing) {
        next = writing.then(() => {
          next = undefined;
          return this.save();
        });
        return next;
      }
      writing = write().finally(() => {
        writing = undefined;
      });
      return writing;
    },
  };
}
