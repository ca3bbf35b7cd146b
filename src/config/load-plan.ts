// sluice.yaml → plan, or all that is wrong with it at once: text → values with places → shape → references → plan.

import { readFile, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { safe } from '../domain/safe.ts';
import { defaultControlPath } from './control.ts';
import { controlListenWarnings } from './control-warnings.ts';
import { findingsOf } from './findings.ts';
import { checkListening } from './listening.ts';
import type { Finding, LoadResult, Problem } from './problem.ts';
import { checkReferences } from './references.ts';
import { resolvePlan } from './resolve.ts';
import { configurationSchema } from './schema.ts';
import { maxBytes, readSource, valueAt } from './source.ts';

export interface TextPlace {
  /** As it is shown. */
  readonly file: string;
  /** Absolute; relative paths in the text start here. */
  readonly folder: string;
  /** $XDG_RUNTIME_DIR: where the control socket is, if none is configured. */
  readonly runtimeFolder?: string | undefined;
}

export function planFromText(text: string, { file, folder, runtimeFolder }: TextPlace): LoadResult {
  const source = readSource(text, file);
  if (!source.readable) return { ok: false, errors: source.problems, source: text };
  const raw = source.value;
  const shape = configurationSchema.safeParse(raw);
  const references = checkReferences(raw);
  const findings = [
    ...(shape.success ? [] : findingsOf(shape.error.issues, configurationSchema, raw)),
    ...references.errors,
  ];
  const errors = inOrder([...source.problems, ...findings.map(source.problem)]);
  if (errors.length > 0 || !shape.success) return { ok: false, errors, source: text };
  const plan = resolvePlan(shape.data, {
    folder,
    defaultControlPath: defaultControlPath(runtimeFolder),
    modes: references.modes,
    listenTexts: shape.data.shards.map(({ binds }, shard) =>
      binds.map((_, bind) => String(valueAt(raw, ['shards', shard, 'binds', bind, 'listen']))),
    ),
  });
  const listening = checkListening(plan);
  if (listening.length > 0)
    return { ok: false, errors: inOrder(listening.map(source.problem)), source: text };
  const warnings: readonly Finding[] = [
    ...references.warnings,
    ...controlListenWarnings(plan.runtime.control),
  ];
  return { ok: true, plan, warnings: inOrder(warnings.map(source.problem)), source: text };
}

/** The plan of a text, as if the file had it. */
export function planAsIfIn(
  path: string,
  text: string,
  runtimeFolder: string | undefined = process.env.XDG_RUNTIME_DIR,
): LoadResult {
  return planFromText(text, { file: path, folder: dirname(resolve(path)), runtimeFolder });
}

/** Never rejects: a file that cannot be read is a problem like any other. */
export async function loadPlan(
  path: string,
  runtimeFolder: string | undefined = process.env.XDG_RUNTIME_DIR,
): Promise<LoadResult> {
  try {
    const { size } = await stat(path);
    // Only what is refused for its size anyway is not read as a whole.
    if (size > maxBytes) return unread(path, `the file is larger than ${maxBytes / 1024 / 1024} MiB`);
    const octets = await readFile(path);
    if (octets.includes(0)) return unread(path, 'this is a binary file, and a configuration is YAML text');
    const text = new TextDecoder('utf-8', { fatal: true }).decode(octets);
    return planAsIfIn(path, text, runtimeFolder);
  } catch (cause) {
    return unread(path, reasonOf(cause));
  }
}

function reasonOf(cause: unknown): string {
  const { code, message } = cause as NodeJS.ErrnoException;
  switch (code) {
    case 'ENOENT':
      return 'there is no such file';
    case 'EACCES':
      return 'this user may not read the file';
    case 'EISDIR':
      return 'this is a folder, not a file';
    case 'ERR_ENCODING_INVALID_ENCODED_DATA':
      return 'this is not UTF-8 text';
    default:
      return message;
  }
}

function unread(file: string, message: string): LoadResult {
  const remedy = safe('name the configuration with -c FILE');
  return {
    ok: false,
    errors: [{ file, path: '', message: safe(message), remedy }],
    source: '',
  };
}

/** By place; the same finding of two stages once. */
export function inOrder(problems: readonly Problem[]): Problem[] {
  const seen = new Set<string>();
  return problems
    .filter(({ line, column, message }) => {
      const key = `${line}:${column}:${message}`;
      return !seen.has(key) && seen.add(key);
    })
    .sort((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0));
}
