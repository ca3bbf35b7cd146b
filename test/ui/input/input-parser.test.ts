import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { KeyPress } from '../../../src/console/console.ts';
import { createInputParser, type InputEvent } from '../../../src/ui/input/input-parser.ts';

const key = (name: string, modifiers: Partial<KeyPress> = {}): InputEvent => ({
  kind: 'key',
  key: { key: name, ...modifiers },
});
const paste = (text: string): InputEvent => ({ kind: 'paste', text });

const table: readonly (readonly [bytes: string, events: readonly InputEvent[]])[] = [
  ['j', [key('j')]],
  ['jjk', [key('j'), key('j'), key('k')]],
  ['j\r', [key('j'), key('enter')]],
  ['é世', [key('é'), key('世')]],
  ['👍', [key('👍')]],
  ['\t\n \u007f\b', [key('tab'), key('enter'), key('space'), key('backspace'), key('backspace')]],
  ['\u0003\u001a\u000c\u0001', 'czla'.split('').map((name) => key(name, { ctrl: true }))],
  ['\u0000\u001c', [key('space', { ctrl: true }), key('\\', { ctrl: true })]],
  ['\u001b[A\u001b[B\u001b[C\u001b[D', ['up', 'down', 'right', 'left'].map((name) => key(name))],
  ['\u001bOA\u001bOH\u001bOF\u001bOM', ['up', 'home', 'end', 'enter'].map((name) => key(name))],
  ['\u001b[5~\u001b[6~\u001b[3~', ['pageup', 'pagedown', 'delete'].map((name) => key(name))],
  ['\u001b[1~\u001b[4~\u001b[7~\u001b[8~', ['home', 'end', 'home', 'end'].map((name) => key(name))],
  ['\u001b[Z', [key('tab', { shift: true })]],
  ['\u001b[1;5A\u001b[1;2B', [key('up', { ctrl: true }), key('down', { shift: true })]],
  ['\u001b[5;3~', [key('pageup', { alt: true })]],
  ['\u001bx', [key('x', { alt: true })]],
  ['\u001b\r', [key('enter', { alt: true })]],
  ['\u001b[200~a\nq\u001b[B\u001b[201~j', [paste('a\nq\u001b[B'), key('j')]],
  ['\u001b[200~\u001b[201~', [paste('')]],
  // Not keys of ours: function keys, the Linux console's too, mouse reports, focus, replies of the terminal.
  ['\u001bOPa', [key('a')]],
  ['\u001b[15~\u001b[24;5~a', [key('a')]],
  ['\u001b[[Aa', [key('a')]],
  ['\u001b[<64;10;5Ma', [key('a')]],
  ['\u001b[M !!a', [key('a')]],
  ['\u001b[I\u001b[O\u001b[?62;4c\u001b[12;40Ra', [key('a')]],
  ['\u001b]11;rgb:0000/0000/0000\u001b\\a', [key('a')]],
  ['\u001b]11;rgb:0000/0000/0000\u0007a', [key('a')]],
  ['\u001bP1$r0m\u001b\\a', [key('a')]],
  // A sequence cut short by the next one, and one that never ends.
  ['\u001b[1;\u001b[Aa', [key('up'), key('a')]],
  [`\u001b[${'1'.repeat(65)}a`, [key('a')]],
];

function feed(chunks: readonly Uint8Array[]): InputEvent[] {
  const parser = createInputParser();
  return chunks.flatMap((chunk) => parser.push(chunk));
}

describe('bytes to keys', () => {
  it.each(table.map(([bytes, events]) => [JSON.stringify(bytes), bytes, events] as const))(
    '%s, whole and split at every byte',
    (_, bytes, events) => {
      const buffer = Buffer.from(bytes);
      expect(feed([buffer])).toEqual(events);
      expect(feed(Array.from(buffer, (byte) => Uint8Array.of(byte)))).toEqual(events);
      for (let index = 1; index < buffer.length; index++) {
        expect(feed([buffer.subarray(0, index), buffer.subarray(index)])).toEqual(events);
      }
    },
  );

  it.each([
    ['\u001b', [key('escape')]],
    ['\u001b\u001b', [key('escape'), key('escape')]],
    ['\u001b[', [key('[', { alt: true })]],
    ['\u001bO', [key('O', { alt: true })]],
    ['\u001b[1;', []],
    ['\u001b]11;', []],
  ] as const)('%j, and then nothing', (bytes, events) => {
    const parser = createInputParser();
    const pushed = parser.push(Buffer.from(bytes));
    expect(parser.waiting).toBe(true);
    expect([...pushed, ...parser.flush()]).toEqual(events);
    expect(parser.waiting).toBe(false);
    expect(parser.push(Buffer.from('a'))).toEqual([key('a')]);
  });

  it('does not wait in the middle of a paste', () => {
    const parser = createInputParser();
    parser.push(Buffer.from('\u001b[200~abc'));
    expect(parser.waiting).toBe(false);
    expect(parser.flush()).toEqual([]);
    expect(parser.push(Buffer.from('def\u001b[201~'))).toEqual([paste('abcdef')]);
  });

  it('keeps the beginning of a paste that is too long, and finds its end', () => {
    const parser = createInputParser();
    const events = parser.push(Buffer.from(`\u001b[200~${'x'.repeat(1_000_000)}\u001b[201~j`));
    expect(events).toEqual([paste('x'.repeat(64 * 1024)), key('j')]);
  });

  it('takes anything without failing, and comes back to the ground', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 20 })), (chunks) => {
        const parser = createInputParser();
        for (const chunk of chunks) parser.push(chunk);
        parser.push(Buffer.from('\u001b[201~'));
        parser.flush();
        expect(parser.waiting).toBe(false);
        const last = parser.push(Buffer.from('a')).at(-1);
        expect(last).toEqual(key('a'));
      }),
    );
  });
});
