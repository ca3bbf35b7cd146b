// The access log: lines are handed to an asynchronous writer with a bounded buffer. A disk or a reader that cannot keep up
// costs lines, which are counted, and never a request's time.

import sonicBoom from 'sonic-boom';
import type { StreamRecord } from '../domain/connection.ts';
import type { AccessLog } from '../domain/plan.ts';
import { lineFormat } from './log-format.ts';

export interface AccessLogWriter {
  write(record: StreamRecord): void;
  /** Goes on in a new file of the same name (SIGUSR1, after a rotation). Nothing to do for standard output. */
  reopen(): void;
  /** Lines not written since the start: full buffer, full disk, a file that cannot be opened. */
  readonly dropped: number;
  /** Writes out what is buffered, waiting at most a second for a stuck reader. */
  close(): Promise<void>;
}

/** 4 MiB: some 20,000 lines, about a second's worth at the highest rate we serve. */
const bufferBytes = 4 * 1024 * 1024;
const flushMs = 200;
/** Lines are gathered to pieces of this size first: the writer's work is by the piece. */
const pieceBytes = 64 * 1024;
/** Most lines are shorter. */
const lineBytes = 4 * 1024;
const closeMs = 1_000;
const lineFeed = 10;

/** `onProblem` gets one line of text for each fault of the file; lines lost to it are counted. */
export function openAccessLog(
  settings: AccessLog,
  onProblem: (text: string) => void,
  buffer = bufferBytes,
): AccessLogWriter {
  const toText = lineFormat(settings.format);
  let dropped = 0;
  let target: InstanceType<typeof sonicBoom.SonicBoom> | undefined;
  let closed = false;
  const pieceLength = Math.min(pieceBytes, buffer / 2);
  let piece = Buffer.allocUnsafeSlow(pieceLength);
  let filled = 0;

  function open(): void {
    const opened = new sonicBoom.SonicBoom({
      dest: settings.path === '-' ? 1 : settings.path,
      sync: false,
      append: true,
      mode: 0o640,
      maxWrite: pieceBytes,
      contentMode: 'buffer',
      maxLength: buffer,
    });
    opened.on('drop', countLines);
    opened.on('error', (error: NodeJS.ErrnoException) => {
      onProblem(`access log ${settings.path}: ${error.message}`);
      // A file that could not be opened takes nothing; a full disk may have room again, so that one is kept.
      if (error.syscall === 'open' && target === opened) target = undefined;
    });
    target = opened;
  }
  open();
  const flushing = setInterval(flush, flushMs);
  flushing.unref();

  function flush(): void {
    if (filled === 0) return;
    const octets = piece.subarray(0, filled);
    // The rest of it takes the next lines, and the writer has this part for itself.
    piece = piece.length - filled < lineBytes ? Buffer.allocUnsafeSlow(pieceLength) : piece.subarray(filled);
    filled = 0;
    hand(octets);
  }
  function hand(octets: Buffer): void {
    if (target === undefined) countLines(octets);
    // Its types know of its mode for strings only.
    else (target as unknown as { write(octets: Buffer): void }).write(octets);
  }
  function countLines(lost: Buffer): void {
    for (let at = lost.indexOf(lineFeed); at !== -1; at = lost.indexOf(lineFeed, at + 1)) dropped += 1;
  }

  return {
    write(record) {
      // ASCII: one octet for each character.
      const line = `${toText(record)}\n`;
      if (line.length > piece.length - filled) flush();
      if (line.length > piece.length) hand(Buffer.from(line, 'latin1'));
      else filled += piece.write(line, filled, 'latin1');
    },
    reopen() {
      if (settings.path === '-' || closed) return;
      flush();
      const before = target;
      open();
      before?.end();
    },
    get dropped() {
      return dropped;
    },
    close() {
      flush();
      const last = target;
      target = undefined;
      closed = true;
      clearInterval(flushing);
      if (last === undefined) return Promise.resolve();
      return new Promise((resolve) => {
        const giveUp = setTimeout(() => {
          last.destroy();
          resolve();
        }, closeMs);
        const done = () => {
          clearTimeout(giveUp);
          resolve();
        };
        last.once('close', done).once('error', done);
        last.end();
      });
    },
  };
}
