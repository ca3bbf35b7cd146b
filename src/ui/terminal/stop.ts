// ^Z, and being stopped or continued by others: gives the terminal back to the shell as it was, and takes it again.

import type { Disposer } from '../../domain/event.ts';

export interface StopOptions {
  /** Leaves the terminal to others; the answer takes it back and draws everything again. */
  readonly release: () => Promise<() => Promise<void>>;
  readonly onError: (error: unknown) => void;
}

export interface StopControl {
  /** ^Z */
  stop(): void;
  /** Takes the terminal as if it had been left: for ^L, and for what others wrote over the screen. */
  redraw(): void;
  readonly dispose: Disposer;
}

/** Nobody continues a process that cannot be stopped (no shell above it): then it goes on by itself. */
const notStoppedMs = 100;
/** For the new size to arrive, when the terminal was resized meanwhile. */
const resizeMs = 20;

export function createStopControl({ release, onError }: StopOptions): StopControl {
  let released = false;

  async function withReleased(meanwhile: () => Promise<void>): Promise<void> {
    if (released) return;
    released = true;
    try {
      const take = await release();
      await meanwhile();
      await take();
    } catch (error) {
      onError(error);
    } finally {
      released = false;
    }
  }

  const stop = () => void withReleased(stopGroup);
  const redraw = () => void withReleased(async () => {});
  const continued = () => redraw();

  async function stopGroup(): Promise<void> {
    process.off('SIGTSTP', stop);
    const going = new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, notStoppedMs);
      process.once('SIGCONT', () => {
        clearTimeout(timer);
        resolve();
      });
    });
    // The whole group, as the terminal does it: whatever started us (npm, a shell script) stops with us.
    process.kill(0, 'SIGTSTP');
    await going;
    process.on('SIGTSTP', stop);
    // Only the foreground is told of a new size.
    process.kill(process.pid, 'SIGWINCH');
    await new Promise((resolve) => setTimeout(resolve, resizeMs));
  }

  process.on('SIGTSTP', stop);
  process.on('SIGCONT', continued);
  return {
    stop,
    redraw,
    dispose() {
      process.off('SIGTSTP', stop);
      process.off('SIGCONT', continued);
    },
  };
}
