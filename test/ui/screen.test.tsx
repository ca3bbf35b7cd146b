import { renderToString } from 'ink';
import { describe, expect, it } from 'vitest';
import { refusal } from '../../src/ui/console-end.ts';
import { Screen } from '../../src/ui/screen.tsx';

function show(rows: readonly string[], columns: number): string[] {
  return renderToString(
    <Screen rows={rows} size={{ columns, rows: rows.length }} cursor={undefined} onMounted={() => {}} />,
    { columns },
  ).split('\n');
}

describe('the screen', () => {
  it('gives each row its place, empty ones too', () => {
    expect(show(['one', '', 'three', '', 'five'], 20)).toEqual(['one', '', 'three', '', 'five']);
  });

  it('never breaks a row into two', () => {
    expect(show(['x'.repeat(30), 'two'], 10)).toEqual([`${'x'.repeat(9)}…`, 'two']);
  });

  it('leaves colours as they were painted', () => {
    expect(show(['\u001b[31mred\u001b[0m plain'], 20)).toEqual(['\u001b[31mred\u001b[39m plain']);
  });

  it('keeps a selected row filled to the edge', () => {
    expect(show(['\u001b[7mab   \u001b[0m'], 5)).toEqual(['\u001b[7mab   \u001b[27m']);
  });
});

describe('where a console cannot be shown', () => {
  const tty = { isTTY: true };
  it.each([
    [tty, tty, 'xterm', undefined],
    [tty, {}, 'xterm', 'its output is not a terminal'],
    [{}, tty, 'xterm', 'its input is not a terminal'],
    [tty, tty, 'dumb', 'this terminal (TERM=dumb) cannot place text on the screen'],
  ])('%o %o %s: %s', (stdin, stdout, term, reason) => {
    const refused = refusal(stdin, stdout, term);
    expect(refused?.message.split(': ')[1]).toBe(reason);
    if (refused !== undefined) expect(refused.remedy).toMatch(/sluice show/);
  });
});
