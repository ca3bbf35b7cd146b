// Where a verb writes and asks: standard streams behind a small interface, so that verbs are tested without a terminal.
import { createInterface } from 'node:readline/promises';
import type { Disposer } from '../domain/event.ts';

export interface Terminal {
  /** One line, or several, to standard output; a line break is added. */
  print(text: string): void;
  /** The same, to standard error: what a pipe must not swallow. */
  note(text: string): void;
  /** Standard output is a terminal: a line may be updated in place. */
  readonly isTty: boolean;
  /** Somebody is there to answer a question. */
  readonly canAsk: boolean;
  readonly color: boolean;
  readonly columns: number;
  /** Replaces the line under way; "" takes it away. Only on a TTY. */
  progress(line: string): void;
  /** True for yes; anything else, the end of input, and that it is settled otherwise, is no. */
  confirm(question: string, settled?: AbortSignal): Promise<boolean>;
  /** Ctrl-C or SIGTERM. While somebody listens the process does not end by itself. */
  onInterrupt(listener: () => void): Disposer;
}

export function processTerminal(): Terminal {
  const { stdin, stdout, stderr, env } = process;
  // `sluice tail | head` is a good way to use it: a reader that left is no failure.
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    process.exit(error.code === 'EPIPE' ? 0 : 1);
  });
  const isTty = stdout.isTTY === true;
  let underWay = false;
  const clear = () => {
    if (underWay) stdout.write('\r\x1b[K');
    underWay = false;
  };
  return {
    print(text) {
      clear();
      stdout.write(`${text}\n`);
    },
    note(text) {
      clear();
      stderr.write(`${text}\n`);
    },
    isTty,
    canAsk: stdin.isTTY === true && isTty,
    color: isTty && (env.NO_COLOR ?? '') === '' && env.TERM !== 'dumb',
    get columns() {
      return stdout.columns ?? 80;
    },
    progress(line) {
      if (!isTty) return;
      clear();
      stdout.write(line);
      underWay = line !== '';
    },
    async confirm(question, settled) {
      clear();
      if (settled?.aborted) return false;
      const lines = createInterface({ input: stdin, output: stdout });
      // Without this a closed input would leave the question, and the verb, waiting for ever.
      const ended = new Promise<string>((resolve) => lines.once('close', () => resolve('')));
      const close = (): void => {
        stdout.write('\n');
        lines.close();
      };
      settled?.addEventListener('abort', close);
      const answer = await Promise.race([lines.question(`${question} [y/N] `), ended]);
      settled?.removeEventListener('abort', close);
      lines.close();
      return /^y(es)?$/i.test(answer.trim());
    },
    onInterrupt(listener) {
      process.on('SIGINT', listener);
      process.on('SIGTERM', listener);
      return () => {
        process.off('SIGINT', listener);
        process.off('SIGTERM', listener);
      };
    },
  };
}
