// Removes the demo's private folder once the runtime in it is gone.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { isAnswering } from '../socket-probe.ts';

/** Waits for the runtime's control socket to fall silent, at most some seconds: files must not go from under it. */
export async function removeWhenAlone(folder: string | undefined): Promise<void> {
  if (folder === undefined) return;
  for (let round = 0; round < 50 && (await isAnswering(join(folder, 'control.sock'))); round += 1)
    await pause(100);
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
}
