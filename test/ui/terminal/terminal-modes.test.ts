import type { ReadStream, WriteStream } from 'node:tty';
import { describe, expect, it } from 'vitest';
import { createTerminalModes } from '../../../src/ui/terminal/terminal-modes.ts';

function terminal() {
  const written: string[] = [];
  const raw: boolean[] = [];
  const stdin = { setRawMode: (mode: boolean) => raw.push(mode), ref: () => {} } as unknown as ReadStream;
  const stdout = { destroyed: false, write: (text: string) => written.push(text) } as unknown as WriteStream;
  return { written, raw, modes: createTerminalModes(stdin, stdout) };
}

describe('the modes of a terminal', () => {
  it('begin at the left edge, whatever was echoed before, and are left once', () => {
    const { modes, written, raw } = terminal();
    modes.enter();
    modes.enter();
    expect(written.join('')).toMatch(/^\r/);
    modes.leave();
    modes.leave();
    expect(raw).toEqual([true, false]);
    expect(written).toHaveLength(2);
  });
});
