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
const closeMs = 1_000;

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

  function open(): void {
    const opened = new sonicBoom.SonicBoom({
      dest: settings.path === '-' ? 1 : settings.path,
      sync: false,
      append: true,
      mode: 0o640,
      minLength: 4_096,
      maxLength: buffer,
    });
    opened.on('drop', () => {
      dropped += 1;
    });
    opened.on('error', (error: NodeJS.ErrnoException) => {
      onProblem(`access log ${settings.path}: ${error.message}`);
      // A file that could not be opened takes nothing; a full disk may have room again, so that one is kept.
      if (error.syscall === 'open' && target === opened) target = undefined;
    });
    target = opened;
  }
  open();
  // Our own timer: the library's goes on flushing a file that could not be opened, and throws.
  const flushing = setInterval(() => target?.flush(), flushMs);
  flushing.unref();

  return {
    write(record) {
      if (target === undefined) dropped += 1;
      else target.write(`${toText(record)}\n`);
    },
    reopen() {
      if (settings.path === '-' || closed) return;
      const before = target;
      open();
      before?.end();
    },
    get dropped() {
      return dropped;
    },
    close() {
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
