// The keys behind a terminal's control sequences.

import type { KeyPress, NamedKey } from '../../console/console.ts';

/** Final bytes of CSI (ESC [ … X) and SS3 (ESC O X). */
const byFinal: Readonly<Record<string, NamedKey>> = {
  A: 'up',
  B: 'down',
  C: 'right',
  D: 'left',
  F: 'end',
  H: 'home',
  M: 'enter',
};

/** First parameter of CSI … ~. */
const byNumber: Readonly<Record<string, NamedKey>> = {
  1: 'home',
  3: 'delete',
  4: 'end',
  5: 'pageup',
  6: 'pagedown',
  7: 'home',
  8: 'end',
};

/** `CSI parameters final`; undefined for what is no key of ours (function keys, replies, mouse reports). */
export function keyOfCsi(parameters: string, final: string): KeyPress | undefined {
  const [first = '', modifiers = ''] = parameters.split(';');
  if (final === 'Z' && parameters === '') return { key: 'tab', shift: true };
  if (final === '~') return withModifiers(byNumber[first], modifiers);
  // ESC [ M begins an old mouse report; ESC O M is Enter on the keypad.
  if (final === 'M' || (first !== '' && first !== '1')) return undefined;
  return withModifiers(byFinal[final], modifiers);
}

export function keyOfSs3(final: string): KeyPress | undefined {
  return withModifiers(byFinal[final], '');
}

/** xterm's modifiers: 1 + a sum of 1 shift, 2 alt, 4 ctrl. */
function withModifiers(key: NamedKey | undefined, modifiers: string): KeyPress | undefined {
  if (key === undefined) return undefined;
  const bits = Number(modifiers === '' ? 1 : modifiers) - 1;
  if (!Number.isInteger(bits) || bits < 0) return undefined;
  return {
    key,
    ...((bits & 1) === 0 ? {} : { shift: true }),
    ...((bits & 2) === 0 ? {} : { alt: true }),
    ...((bits & 4) === 0 ? {} : { ctrl: true }),
  };
}

/** A single character as it comes from the terminal, outside of any sequence. */
export function keyOfCharacter(character: string): KeyPress | undefined {
  switch (character) {
    // Enter is CR; LF comes from some pasting terminals and from Ctrl-J.
    case '\r':
    case '\n':
      return { key: 'enter' };
    case '\t':
      return { key: 'tab' };
    case ' ':
      return { key: 'space' };
    case '\u007f':
    case '\b':
      return { key: 'backspace' };
    case '\u0000':
      return { key: 'space', ctrl: true };
  }
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x20) return { key: String.fromCharCode(code + (code < 0x1b ? 0x60 : 0x40)), ctrl: true };
  // C1 controls are never typed.
  if (code >= 0x80 && code < 0xa0) return undefined;
  return { key: character };
}
