// A terminal made of arrays, for tests of verbs.
import type { Terminal } from '../../src/cli/terminal.ts';

export interface FakeTerminal extends Terminal {
  readonly printed: string[];
  readonly noted: string[];
  readonly shown: string[];
  interrupt(): void;
}

export function fakeTerminal(options: { isTty?: boolean; answers?: boolean[] } = {}): FakeTerminal {
  const printed: string[] = [];
  const noted: string[] = [];
  const shown: string[] = [];
  const listeners = new Set<() => void>();
  return {
    printed,
    noted,
    shown,
    print: (text) => void printed.push(text),
    note: (text) => void noted.push(text),
    progress: (line) => void shown.push(line),
    isTty: options.isTty === true,
    canAsk: options.answers !== undefined,
    color: false,
    columns: 80,
    confirm: async () => options.answers?.shift() ?? false,
    onInterrupt(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    interrupt() {
      for (const listener of [...listeners]) listener();
    },
  };
}
