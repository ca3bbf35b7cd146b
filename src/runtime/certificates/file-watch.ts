// Tells when files may have changed. What counts is that a look at them differs (device, inode, size, times), so that it
// does not matter how they are replaced: written in place, renamed over, or behind a link that is swapped, as certbot and
// Kubernetes do. The kernel's notices only make the next look come sooner; some file systems have none.

import { type FSWatcher, watch } from 'node:fs';
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Clock } from '../../domain/clock.ts';
import type { Milliseconds } from '../../domain/plan.ts';

export interface FileWatch {
  close(): void;
}

export interface FileWatchOptions {
  /** Absolute. */
  readonly paths: readonly string[];
  readonly clock: Clock;
  /** From one look to the next, while nothing is heard. */
  readonly lookEvery: Milliseconds;
  /** From a notice to the look: what belongs together is written in several steps. */
  readonly quiet: Milliseconds;
  /** After each look. The next one comes after it. Must not reject. */
  readonly looked: (changed: boolean) => Promise<void>;
  /** Asked after each look: the latest from it to the next, where lookEvery is too late. */
  readonly due?: () => Milliseconds | undefined;
}

export function watchFiles({ paths, clock, lookEvery, quiet, looked, due }: FileWatchOptions): FileWatch {
  const folders = [...new Set(paths.map(dirname))];
  const watchers = new Map<string, { watcher: FSWatcher; identity: string }>();
  let before: string | undefined;
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
    const now = await signature(paths);
    // The first look as well: something may have changed since the files were read.
    const changed = before !== now;
    before = now;
    if (!closed) await looked(changed);
    looking = false;
    if (!closed) lookIn(again ? quiet : Math.min(lookEvery, due?.() ?? lookEvery), again);
  }

  /** A folder may be replaced as a whole, or come later. */
  async function listen(): Promise<void> {
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

  if (paths.length > 0) void look();
  return {
    close() {
      closed = true;
      cancel();
      for (const { watcher } of watchers.values()) watcher.close();
      watchers.clear();
    },
  };
}

/** Follows links. `alone`: which file or folder it is, whatever is in it. */
async function signature(paths: readonly string[], alone = false): Promise<string> {
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
