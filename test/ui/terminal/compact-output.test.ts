import { createRequire } from 'node:module';
import type { Terminal as TerminalType } from '@xterm/headless';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compactOutput } from '../../../src/ui/terminal/compact-output.ts';

const { Terminal } = createRequire(import.meta.url)('@xterm/headless') as { Terminal: typeof TerminalType };

describe('shorter output', () => {
  it.each([
    ['nothing to do', 'abc^[31md^[39m', 'abc^[31md^[39m'],
    ['colours passed through', '^[31m^[39m^[32m^[39m^[1mx', '^[39m^[1mx'],
    ['only the last colour', '^[38;2;1;2;3m^[39m^[38;5;7mx', '^[38;5;7mx'],
    ['a reset forgets what was before', '^[31m^[1m^[0m^[32mx', '^[0m^[32mx'],
    ['bold and dim add up', '^[1m^[2mx', '^[1m^[2mx'],
    ['both end together', '^[1m^[2m^[22mx', '^[22mx'],
    ['one is taken up again', '^[1m^[22m^[2mx', '^[22m^[2mx'],
    ['rows stepped over', 'a^[E^[E^[Eb^[E', 'a^[3Eb^[E'],
    ['text between is a border', '^[31mx^[39m^[32my', '^[31mx^[32my'],
  ])('%s', (_, before, after) => {
    const raw = (text: string) => text.replaceAll('^', '\u001b');
    expect(compactOutput(raw(before))).toBe(raw(after));
  });

  it('shows just the same', async () => {
    const piece = fc.constantFrom(
      ...['0', '1', '2', '3', '4', '7', '22', '23', '24', '27', '31', '92', '39', '44', '103', '49'].map(
        (code) => `\u001b[${code}m`,
      ),
      ...['\u001b[38;2;1;2;3m', '\u001b[48;5;9m', '\u001b[E', '\u001b[K', 'x', 'ab'],
    );
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 40 }), async (pieces) => {
        const text = pieces.join('');
        expect(await cells(compactOutput(text))).toEqual(await cells(text));
        expect(compactOutput(text).length).toBeLessThanOrEqual(text.length);
      }),
      { numRuns: 150 },
    );
  });
});

/** What a terminal shows after this, cell by cell; a last letter tells the state that was left. */
async function cells(text: string): Promise<string[]> {
  const terminal = new Terminal({ cols: 12, rows: 8, allowProposedApi: true });
  await new Promise<void>((resolve) => terminal.write(`${text}z`, resolve));
  const result: string[] = [];
  for (let row = 0; row < 8; row++) {
    for (let column = 0; column < 12; column++) {
      const cell = terminal.buffer.active.getLine(row)?.getCell(column);
      if (cell === undefined) continue;
      result.push(
        [
          cell.getChars(),
          cell.getFgColorMode(),
          cell.getFgColor(),
          cell.getBgColorMode(),
          cell.getBgColor(),
          cell.isBold(),
          cell.isDim(),
          cell.isItalic(),
          cell.isUnderline(),
          cell.isInverse(),
        ].join(' '),
      );
    }
  }
  terminal.dispose();
  return result;
}
