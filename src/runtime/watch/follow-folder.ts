// Follows the folder that a runtime watches: what has changed in it is put in force as a reload, through the same line as
// operators' commands. What is wrong there is told once, and again only when it was right in between.

import { dirname } from 'node:path';
import type { Problem } from '../../config/problem.ts';
import type { Clock } from '../../domain/clock.ts';
import type { Outcome } from '../../domain/command.ts';
import type { Milliseconds } from '../../domain/plan.ts';
import type { LoadPlan } from '../reload.ts';
import { type LookWatch, watchLooks } from './look-watch.ts';
import type { Origin, PlanSource } from './plan-source.ts';
import { sweepFiles } from './private-files.ts';
import { folderSignature } from './read-folder.ts';

/** What a runtime gives to what it watches. */
export interface WatchWiring {
  /** Of the configuration that is in force. */
  hash(): string;
  /** A reload by the runtime itself. `begin` is called when its turn comes, before the configuration is loaded. */
  reload(begin: () => void): Promise<Outcome>;
  warned(text: string): void;
}

export interface FollowedSource {
  /** What a runtime loads its plans by. */
  readonly load: LoadPlan;
  follow(wiring: WatchWiring): LookWatch;
}

/** A change of one selector can concern every route. */
const mostTold = 20;

export interface FollowOptions {
  readonly clock: Clock;
  readonly lookEvery?: Milliseconds;
  readonly quiet?: Milliseconds;
}

export function followedSource(source: PlanSource, options: FollowOptions): FollowedSource {
  const { clock, lookEvery = 10_000, quiet = 300 } = options;
  /** While a reload of ours is under way: the configuration's text that it keeps. */
  let beside: Origin | undefined;

  return {
    load: (text) =>
      text === undefined && beside !== undefined ? source.loadBeside(beside) : source.load(text),

    follow({ hash, reload, warned: tellRuntime }) {
      source.inForce(hash);
      let closed = false;
      // What ends puts nothing in force any more, and nobody needs to hear of it.
      const warned = (text: string): void => {
        if (!closed) tellRuntime(text);
      };
      let told = new Set<string>();
      let swept: string | undefined;
      /** What became of a reload that came to nothing: it is tried again. */
      let unsettled: string | undefined;
      const origin = (): Origin | undefined => source.originOf(hash());
      const watchedPath = (): string | undefined => origin()?.folder?.path;

      function tell(problems: readonly Problem[]): void {
        const texts = problems
          .filter(({ imported }) => imported)
          .map(({ file, line, message }) => `${file}${line === undefined ? '' : `:${line}`}: ${message}`);
        const news = texts.filter((text) => !told.has(text));
        for (const text of news.slice(0, mostTold)) warned(text);
        if (news.length > mostTold)
          warned(`and ${news.length - mostTold} more of the watched folder: see \`sluice check\``);
        told = new Set(texts);
      }

      async function looked(): Promise<void> {
        const from = origin();
        if (from?.folder) {
          const loaded = await source.loadBeside(from);
          tell(loaded.ok ? loaded.warnings : loaded.errors);
          if (loaded.ok && loaded.plan.hash !== hash()) await reloaded(from);
          else unsettled = undefined;
        }
        await sweep();
      }

      async function reloaded(from: Origin): Promise<void> {
        try {
          const outcome = await reload(() => {
            // An operator's reload may have come before: then its text is the one that is kept.
            beside = origin() ?? from;
          });
          const failed = outcome.result === 'done' ? undefined : outcome.text;
          if (failed !== undefined && failed !== unsettled) warned(`${from.folder!.path}: ${failed}`);
          unsettled = failed;
        } finally {
          beside = undefined;
        }
      }

      async function sweep(): Promise<void> {
        const [inForce, latest] = [origin(), source.latest()];
        const folder = (inForce ?? latest)?.folder?.filesFolder;
        const kept = [...(inForce?.files ?? []), ...(latest?.files ?? [])];
        const key = JSON.stringify(kept);
        if (folder === undefined || inForce === undefined || swept === key) return;
        swept = key;
        await sweepFiles(folder, new Set(kept));
      }

      const watching = watchLooks({
        // The folder above tells when this one comes, or is put in another's place.
        folders: () => {
          const path = watchedPath();
          return path === undefined ? [] : [path, dirname(path)];
        },
        look: async () => {
          const path = watchedPath();
          return path === undefined ? '' : `${path}\n${await folderSignature(path)}`;
        },
        clock,
        lookEvery,
        quiet,
        looked: async (changed) => {
          if (!changed && unsettled === undefined) return sweep();
          await looked().catch((error: unknown) => warned(`the watched folder: ${(error as Error).message}`));
        },
      });
      return {
        close() {
          closed = true;
          watching.close();
        },
      };
    },
  };
}
