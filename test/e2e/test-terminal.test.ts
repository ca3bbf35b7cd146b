// The terminal that the other suites here look at: it must not lose what a real one shows.
import { expect, it } from 'vitest';
import { openTerminal } from '../support/terminal.ts';

it.each([1, 2])(
  'shows a character of three bytes that comes in two parts, split after byte %i',
  async (at) => {
    const program = `
    process.stdin.setRawMode(true);
    const part = (from, to) => process.stdout.write(Buffer.from('…').subarray(from, to));
    process.stdout.write('<');
    part(0, ${at});
    process.stdin.once('data', () => { part(${at}, 3); process.stdout.write('>'); process.exit(); });`;
    const terminal = openTerminal({ command: process.execPath, args: ['-e', program] });
    try {
      await terminal.until('the first part came', () => terminal.bytes === 1 + at);
      terminal.write('x');
      await terminal.until('the rest came', () => terminal.bytes === 5);
      await terminal.ends();
      expect(terminal.lines()[0]).toBe('<…>');
    } finally {
      await terminal.close();
    }
  },
);
