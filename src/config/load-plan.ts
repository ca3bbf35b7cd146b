// sluice.yaml → plan, or all that is wrong with it at once: text → values with places → shape → references → plan.

import { readFile, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { RuntimeSettings } from '../domain/plan.ts';
import { safe } from '../domain/safe.ts';
import { defaultControlPath } from './control.ts';
import { controlListenWarnings } from './control-warnings.ts';
import { findingsOf } from './findings.ts';
import { items } from './found.ts';
import { type Imported, mergeImported } from './imported.ts';
import { checkListening } from './listening.ts';
import type { Finding, LoadResult, Problem } from './problem.ts';
import { checkReferences } from './references.ts';
import { resolvePlan, resolveRuntime } from './resolve.ts';
import { outlineOfShard, type ShardOutline } from './resolve-shard.ts';
import { runtime as runtimeSchema } from './runtime-schema.ts';
import { configurationSchema } from './schema.ts';
import { shardOutline } from './shard-schema.ts';
import { shardWarnings } from './shard-warnings.ts';
import { maxBytes, readSource, valueAt } from './source.ts';

export interface TextPlace {
  /** As it is shown. */
  readonly file: string;
  /** Absolute; relative paths in the text start here. */
  readonly folder: string;
  /** $XDG_RUNTIME_DIR: where the control socket is, if none is configured. */
  readonly runtimeFolder?: string | undefined;
}

/** @param imported what is served beside the text's own */
export function planFromText(
  text: string,
  { file, folder, runtimeFolder }: TextPlace,
  imported?: Imported,
): LoadResult {
  const source = readSource(text, file);
  if (!source.readable) return { ok: false, errors: source.problems, source: text };
  const raw = source.value;
  let merged = mergeImported(raw, imported);
  let checked = checkShape(merged.value);
  // What is left out may leave others without what they need.
  for (;;) {
    const theirs = checked.findings.filter((finding) => merged.problem(finding) !== undefined);
    if (theirs.length === 0) break;
    merged = merged.without(theirs);
    checked = checkShape(merged.value);
  }
  const { shape, references } = checked;
  const locate = (finding: Finding): Problem => merged.problem(finding) ?? source.problem(finding);
  const errors = inOrder([...source.problems, ...checked.findings.map(locate)]);
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
  if (listening.length > 0) return { ok: false, errors: inOrder(listening.map(locate)), source: text };
  const warnings: readonly Finding[] = [
    ...references.warnings,
    ...controlListenWarnings(plan.runtime.control),
    ...shardWarnings(plan),
  ];
  // Whoever imports tells why a backend is as it is.
  const isNews = (finding: Finding): boolean => finding.path[0] !== 'backends' || !merged.problem(finding);
  return {
    ok: true,
    plan,
    warnings: inOrder([...merged.warnings, ...warnings.filter(isNews).map(locate)]),
    source: text,
    ...(imported && { locate }),
  };
}

function checkShape(value: unknown) {
  const shape = configurationSchema.safeParse(value);
  const references = checkReferences(value);
  const findings: readonly Finding[] = [
    ...(shape.success ? [] : findingsOf(shape.error.issues, configurationSchema, value)),
    ...references.errors,
  ];
  return { shape, references, findings };
}

export interface Outline {
  readonly runtime: RuntimeSettings;
  readonly shards: readonly ShardOutline[];
}

/** What a text says that must be known before it is loaded as a whole; undefined where that is wrong, as its errors tell. */
export function outlineOf(text: string, { file, folder, runtimeFolder }: TextPlace): Outline | undefined {
  const source = readSource(text, file);
  if (!source.readable) return undefined;
  const settings = runtimeSchema.prefault({}).safeParse(valueAt(source.value, ['runtime']));
  if (!settings.success) return undefined;
  const shards = items({ value: valueAt(source.value, ['shards']), path: [] }).flatMap(({ value }) => {
    const shard = shardOutline.safeParse(value);
    return shard.success ? [outlineOfShard(shard.data)] : [];
  });
  return { runtime: resolveRuntime(settings.data, folder, defaultControlPath(runtimeFolder)), shards };
}

/** The plan of a text, as if the file had it. */
export function planAsIfIn(
  path: string,
  text: string,
  runtimeFolder: string | undefined = process.env.XDG_RUNTIME_DIR,
  imported?: Imported,
): LoadResult {
  return planFromText(text, placeOfFile(path, runtimeFolder), imported);
}

export function placeOfFile(
  path: string,
  runtimeFolder: string | undefined = process.env.XDG_RUNTIME_DIR,
): TextPlace {
  return { file: path, folder: dirname(resolve(path)), runtimeFolder };
}

/** Never rejects: a file that cannot be read is a problem like any other. */
export async function loadPlan(
  path: string,
  runtimeFolder: string | undefined = process.env.XDG_RUNTIME_DIR,
): Promise<LoadResult> {
  const read = await readText(path);
  return 'problem' in read
    ? { ok: false, errors: [read.problem], source: '' }
    : planAsIfIn(path, read.text, runtimeFolder);
}

/** A configuration's text as it is, or why it cannot be had. */
export async function readText(
  path: string,
): Promise<{ readonly text: string } | { readonly problem: Problem }> {
  try {
    const { size } = await stat(path);
    // Only what is refused for its size anyway is not read as a whole.
    if (size > maxBytes) return unread(path, `the file is larger than ${maxBytes / 1024 / 1024} MiB`);
    const octets = await readFile(path);
    if (octets.includes(0)) return unread(path, 'this is a binary file, and a configuration is YAML text');
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(octets) };
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

function unread(file: string, message: string): { readonly problem: Problem } {
  return {
    problem: { file, path: '', message: safe(message), remedy: safe('name the configuration with -c FILE') },
  };
}

/** By place, those of other files last; the same finding of two stages once. */
export function inOrder(problems: readonly Problem[]): Problem[] {
  const seen = new Set<string>();
  return problems
    .filter(({ file, line, column, message }) => {
      const key = `${file}:${line}:${column}:${message}`;
      return !seen.has(key) && seen.add(key);
    })
    .sort(
      (a, b) =>
        Number(a.imported ?? false) - Number(b.imported ?? false) ||
        (a.imported && a.file !== b.file ? (a.file < b.file ? -1 : 1) : 0) ||
        (a.line ?? 0) - (b.line ?? 0) ||
        (a.column ?? 0) - (b.column ?? 0),
    );
}
