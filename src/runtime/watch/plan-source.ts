// Where a runtime's plans come from: the configuration's file, and what the folder that it watches holds beside it. Knows
// of each plan what it was made from, so that the plan of an edited text has the very objects of the plan in force.

import { dirname, isAbsolute, join, relative, resolve } from 'node:path';
import type { Reading } from '../../config/certificates/read-tls-files.ts';
import { withTlsFiles } from '../../config/certificates/with-tls-files.ts';
import { inOrder, outlineOf, placeOfFile, planFromText, readText } from '../../config/load-plan.ts';
import type { LoadResult, Problem } from '../../config/problem.ts';
import type { ControlListen } from '../../domain/plan.ts';
import { safe } from '../../domain/safe.ts';
import { keepHeld, readHeld } from './held-texts.ts';
import { filesOf, readingOf, withoutBadTls } from './imported-tls.ts';
import { clearFolder, keepFiles } from './private-files.ts';
import { readFolder } from './read-folder.ts';
import { createWatchedObjects, type Watched, type WatchedObjects } from './watched-objects.ts';

export interface PlanSourceOptions {
  /** The configuration's, as it is shown. */
  readonly file: string;
  /** Where contents of imported certificates and keys are kept, given where consoles attach. */
  filesFolder(control: readonly ControlListen[]): string;
  /** False: nothing is written, as a check needs it. */
  readonly keepsFiles: boolean;
  /** Wall clock. */
  now(): number;
  readonly runtimeFolder?: string | undefined;
}

/** What a plan was made from. */
export interface Origin {
  readonly text: string;
  readonly folder?: WatchedFolder;
  /** Of imported certificates and keys. */
  readonly files: readonly string[];
}

export interface WatchedFolder {
  /** Absolute. */
  readonly path: string;
  readonly filesFolder: string;
  readonly watched: Watched;
}

export interface PlanSource {
  /**
   * The configuration and the folder as they are now. Never rejects.
   * @param text as if the file had it, with the folder as it was when the plan in force was loaded
   * @param also further checks of the same plan, whose findings are told with the others
   */
  load(text?: string, also?: FurtherChecks): Promise<LoadResult>;
  /** The configuration's text of before, with the folder as it is now: an edit that nobody has loaded yet stays so. */
  loadBeside(origin: Origin): Promise<LoadResult>;
  /** Which plan a text is meant to be compared with: by its hash. */
  inForce(hash: () => string): void;
  originOf(hash: string): Origin | undefined;
  /** Of the plan that was loaded last. */
  latest(): Origin | undefined;
  /** Takes away all that was kept, once nothing is served any more. Never rejects. */
  clear(): Promise<void>;
}

export type FurtherChecks = (loaded: LoadResult) => Promise<LoadResult>;

/** Plans of which it is known what they were made from: those that previews ask for among them. */
const remembered = 16;

export function createPlanSource(options: PlanSourceOptions): PlanSource {
  const { file, now } = options;
  const place = placeOfFile(file, options.runtimeFolder);
  const origins = new Map<string, Origin>();
  let latest: Origin | undefined;
  let current: () => string | undefined = () => undefined;
  /** Files that are being kept just now, and whether it is over with that. */
  const underWay = new Set<Promise<unknown>>();
  let cleared = false;
  /** Where files were kept. */
  const folders = new Set<string>();
  let objects: { readonly key: string; readonly made: WatchedObjects } | undefined;

  function remember(hash: string, origin: Origin): void {
    origins.delete(hash);
    origins.set(hash, origin);
    latest = origin;
    for (const known of origins.keys()) {
      if (origins.size <= remembered) return;
      if (known !== current()) origins.delete(known);
    }
  }

  /** Near the configuration, a path is shown as it would be written there. */
  function shown(path: string): string {
    const near = relative(place.folder, path);
    return near.startsWith('..') || isAbsolute(near) ? path : join(dirname(file), near);
  }

  async function folderOf(text: string, from: Origin | undefined): Promise<WatchedFolder | undefined> {
    const outline = outlineOf(text, place);
    if (outline?.runtime.watch === undefined) return undefined;
    const path = resolve(outline.runtime.watch);
    if (from?.folder?.path === path) return from.folder;
    const filesFolder = options.filesFolder(outline.runtime.control);
    const key = `${path}\n${filesFolder}`;
    if (objects?.key !== key) {
      const before = await readHeld(filesFolder, path);
      objects = { key, made: createWatchedObjects(shown(path), filesFolder, before) };
    }
    const watched = objects.made.update(await readFolder(path), outline.shards);
    return { path, filesFolder, watched };
  }

  async function planOf(text: string, from?: Origin, also?: FurtherChecks): Promise<LoadResult> {
    const folder = await folderOf(text, from);
    if (!folder) {
      const loaded = await checked(planFromText(text, place), { now: now() }, also);
      if (loaded.ok) remember(loaded.plan.hash, { text, files: [] });
      return loaded;
    }
    const { contents, warnings } = folder.watched;
    const found: Problem[] = [...warnings];
    let { imported } = folder.watched;
    let result = planFromText(text, place, imported);
    if (result.ok) {
      const right = await withoutBadTls(result.plan, imported, contents, now());
      if (right.imported !== imported) {
        imported = right.imported;
        found.push(...right.warnings);
        result = planFromText(text, place, imported);
      }
    }
    result = await checked(result, { read: readingOf(contents), now: now() }, also);
    if (!result.ok) return result;
    const named = new Set(result.plan.routes.flatMap(filesOf).filter((path) => contents.has(path)));
    const origin: Origin = { text, folder, files: [...named] };
    if (options.keepsFiles) {
      const keeping = kept(folder, [...named]);
      underWay.add(keeping);
      const unkept = await keeping.finally(() => underWay.delete(keeping));
      if (unkept) return { ok: false, errors: [unkept], source: text };
    }
    remember(result.plan.hash, origin);
    return { ...result, warnings: inOrder([...result.warnings, ...found]) };
  }

  async function checked(result: LoadResult, reading: Reading, also?: FurtherChecks): Promise<LoadResult> {
    const withTls = await withTlsFiles(file, result, reading);
    return also ? together(await also(result), withTls) : withTls;
  }

  async function kept(
    { filesFolder, path, watched }: WatchedFolder,
    named: readonly string[],
  ): Promise<Problem | undefined> {
    if (cleared) return undefined;
    try {
      folders.add(filesFolder);
      await keepFiles(
        filesFolder,
        named.map((each) => watched.contents.get(each)!),
      );
      await keepHeld(filesFolder, path, watched.held);
      return undefined;
    } catch (error) {
      const message = `what it needs cannot be kept: ${(error as Error).message}`;
      return { file: shown(path), path: '', message: safe(message, 500), imported: true };
    }
  }

  return {
    async load(text, also) {
      if (text !== undefined) return planOf(text, origins.get(current() ?? '') ?? latest, also);
      const read = await readText(file);
      return 'problem' in read
        ? { ok: false, errors: [read.problem], source: '' }
        : planOf(read.text, undefined, also);
    },
    loadBeside: ({ text }) => planOf(text),
    inForce(hash) {
      current = hash;
    },
    originOf: (hash) => origins.get(hash),
    latest: () => latest,
    async clear() {
      cleared = true;
      await Promise.all(underWay);
      for (const folder of folders) await clearFolder(folder);
    },
  };
}

/** Of the same configuration: what is wrong by one or the other, each thing once. */
function together(one: LoadResult, other: LoadResult): LoadResult {
  const errors = [one, other].flatMap((result) => (result.ok ? [] : result.errors));
  if (!one.ok || !other.ok) return { ok: false, errors: inOrder(errors), source: one.source };
  return { ...one, warnings: inOrder([...one.warnings, ...other.warnings]) };
}
