// Tells when files may have changed. What counts is that a look at them differs (device, inode, size, times), so that it
// does not matter how they are replaced: written in place, renamed over, or behind a link that is swapped, as certbot and
// Kubernetes do.

import { dirname } from 'node:path';
import { type LookWatch, type LookWatchOptions, signature, watchLooks } from '../watch/look-watch.ts';

export type FileWatch = LookWatch;

export interface FileWatchOptions
  extends Pick<LookWatchOptions, 'clock' | 'lookEvery' | 'quiet' | 'looked' | 'due'> {
  /** Absolute. */
  readonly paths: readonly string[];
}

/** The first look is a change as well: something may have been, since the files were read. */
export function watchFiles({ paths, ...options }: FileWatchOptions): FileWatch {
  if (paths.length === 0) return { close: () => {} };
  const folders = [...new Set(paths.map(dirname))];
  return watchLooks({ ...options, folders: () => folders, look: () => signature(paths) });
}
