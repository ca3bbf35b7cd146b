// What we switch on in the terminal besides Ink's alternate screen, and how it is switched off again, however the process ends.

import type { ReadStream, WriteStream } from 'node:tty';

/** Bracketed paste, so that pasted text is never taken for keys; the wheel as arrow keys, which leaves selecting text to the terminal. */
const modesOn = '\u001b[?2004h\u001b[?1007h';
const modesOff = '\u001b[?2004l\u001b[?1007l';

export interface TerminalModes {
  enter(): void;
  leave(): void;
}

export function createTerminalModes(stdin: ReadStream, stdout: WriteStream): TerminalModes {
  let entered = false;
  return {
    enter() {
      if (entered) return;
      entered = true;
      stdin.setRawMode(true);
      stdin.ref();
      // A key pressed before this was echoed; the alternate screen begins where the cursor is, and all rows would be shifted.
      stdout.write(`\r${modesOn}`);
    },
    leave() {
      if (!entered) return;
      entered = false;
      if (!stdout.destroyed) stdout.write(modesOff);
      try {
        stdin.setRawMode(false);
      } catch {
        // The terminal has gone: it keeps no modes.
      }
    },
  };
}

/**
 * Writing to a terminal blocks the process on Linux: a stalled ssh client would freeze everything, the attachment included.
 * Node has no public way to change it, so this does what it can where the private one is there.
 */
export function setBlocking(stdout: WriteStream, blocking: boolean): void {
  handleOf(stdout)?.setBlocking?.(blocking);
}

/**
 * Gives up what a terminal that does not read was still sent: pending writes would keep the process alive until it does.
 * stderr is often the same terminal, and cli-cursor, which Ink uses, writes there as the process ends.
 */
export function abandon(stdout: WriteStream, stderr: WriteStream): void {
  if (stderr.isTTY) setBlocking(stderr, false);
  stdout.on('error', () => {});
  handleOf(stdout)?.close?.();
}

interface Handle {
  setBlocking?(blocking: boolean): unknown;
  close?(): void;
}

function handleOf(stdout: WriteStream): Handle | null | undefined {
  return (stdout as { _handle?: Handle | null })._handle;
}
