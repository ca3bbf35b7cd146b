// Looks again and again, and tells whether what is seen is the same: sooner where the kernel gives notice of a change in
// some folders, now and then where it does not, as on some file systems.

import { type FSWatcher, watch } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Clock } from '../../domain/clock.ts';
import type { Milliseconds } from '../../domain/plan.ts';

export interface LookWatch {
  close(): void;
}

export interface LookWatchOptions {
  /** Whose notices are heard; asked before each look. */
  folders(): readonly string[];
  /** Equal texts: nothing has changed. Must not reject. */
  look(): Promise<string>;
  readonly clock: Clock;
  /** From one look to the next, while nothing is heard. */
  readonly lookEvery: Milliseconds;
  /** From a notice to the look: what belongs together is written in several steps. */
  readonly quiet: Milliseconds;
  /** After each look. The next one comes after it. Must not reject. */
  readonly looked: (changed: boolean) => Promise<void>;
  /** Asked after each look: the latest from it to the next, where lookEvery is too late. */
  readonly due?: () => Milliseconds | undefined;
  /** What was seen last; without it the first look is a change. */
  readonly seen?: string;
}

/** The first look is at once. */
export function watchLooks(options: LookWatchOptions): LookWatch {
  const { clock, lookEvery, quiet, looked, due } = options;
  const watchers = new Map<string, { watcher: FSWatcher; identity: string }>();
  let before = options.seen;
  let looking = false;
  /** Of what is heard while a look is under way. */
  let again = false;
  let closed = false;
  let cancel: () => void = () => {};
  let isSoon = false;

  function lookIn(ms: Milliseconds, soon: boolean): void {
    cancel();
    isSoon = soon;
    cancel = clock.after(ms, () => void look());
  }

  function heard(): void {
    if (closed) return;
    if (looking) again = true;
    // A folder in which something is always written must not put the look off for ever.
    else if (!isSoon) lookIn(Math.min(quiet, lookEvery), true);
  }

  async function look(): Promise<void> {
    if (closed || looking) return;
    looking = true;
    again = false;
    await listen();
    const now = await options.look();
    const changed = before !== now;
    before = now;
    if (!closed) await looked(changed);
    looking = false;
    if (!closed) lookIn(again ? quiet : Math.min(lookEvery, due?.() ?? lookEvery), again);
  }

  /** A folder may be replaced as a whole, or come later. */
  async function listen(): Promise<void> {
    const folders = new Set(options.folders());
    for (const [folder, { watcher }] of watchers) {
      if (folders.has(folder)) continue;
      watcher.close();
      watchers.delete(folder);
    }
    for (const folder of folders) {
      const identity = await signature([folder], true);
      const known = watchers.get(folder);
      if (known?.identity === identity || closed) continue;
      known?.watcher.close();
      watchers.delete(folder);
      if (identity === '-') continue;
      try {
        const watcher = watch(folder, { persistent: false }, heard);
        watcher.on('error', () => {
          watcher.close();
          watchers.delete(folder);
        });
        watchers.set(folder, { watcher, identity });
      } catch {
        // Out of watches, or not to be watched: looking now and then has to do.
      }
    }
  }

  void look();
  return {
    close() {
      closed = true;
      cancel();
      for (const { watcher } of watchers.values()) watcher.close();
      watchers.clear();
    },
  };
}

/** Device, inode, size and times, so that it does not matter how a file is replaced. Follows links. `alone`: which file or folder it is, whatever is in it. */
export async function signature(paths: readonly string[], alone = false): Promise<string> {
  const looks: string[] = [];
  for (const path of paths) {
    try {
      const { dev, ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
      looks.push(alone ? `${dev} ${ino}` : `${dev} ${ino} ${size} ${mtimeNs} ${ctimeNs}`);
    } catch {
      looks.push('-');
    }
  }
  return looks.join('\n');
}
