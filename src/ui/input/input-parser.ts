// Bytes of a terminal to keys and pastes, however they were split or lumped together on the way.
//
//   ground ──ESC──► escape ──[──► csi ──final──► ground        (CSI 200~ ──► paste ──CSI 201~──► ground)
//                     ├──O──► ss3 ──final──► ground
//                     ├──]PX^_──► string (a reply we did not ask for) ──BEL, ESC \──► ground
//                     └──else──► ground, with alt

import type { KeyPress } from '../../console/console.ts';
import { keyOfCharacter, keyOfCsi, keyOfSs3 } from './keys.ts';

export type InputEvent =
  | { readonly kind: 'key'; readonly key: KeyPress }
  | { readonly kind: 'paste'; readonly text: string };

export interface InputParser {
  push(bytes: Uint8Array): InputEvent[];
  /** An ESC has come and nothing after it yet: when nothing follows soon, call `flush`. */
  readonly waiting: boolean;
  /** What was begun is taken as it is: a lone ESC is the Esc key. */
  flush(): InputEvent[];
}

type State = 'ground' | 'escape' | 'csi' | 'ss3' | 'string' | 'paste' | 'skip';

/** Longer than any sequence that means something; what is longer is not a key. */
const maxSequence = 64;
const maxPaste = 64 * 1024;
const pasteEnd = '\u001b[201~';

export function createInputParser(): InputParser {
  const decoder = new TextDecoder();
  let state: State = 'ground';
  let held = '';
  let pasted = '';
  let skip = 0;

  function take(character: string, events: InputEvent[]): void {
    switch (state) {
      case 'ground':
        if (character === '\u001b') state = 'escape';
        else pushKey(events, keyOfCharacter(character));
        return;
      case 'escape':
        takeAfterEscape(character, events);
        return;
      case 'csi':
        takeCsi(character, events);
        return;
      case 'ss3':
        state = 'ground';
        pushKey(events, keyOfSs3(character));
        return;
      case 'string':
        // ESC \ or BEL ends it.
        if (character === '\u0007' || (held.endsWith('\u001b') && character === '\\')) state = 'ground';
        held = character;
        return;
      case 'paste':
        takePaste(character, events);
        return;
      case 'skip':
        skip -= 1;
        if (skip === 0) state = 'ground';
        return;
    }
  }

  function takeAfterEscape(character: string, events: InputEvent[]): void {
    state = 'ground';
    held = '';
    switch (character) {
      case '[':
        state = 'csi';
        return;
      case 'O':
        state = 'ss3';
        return;
      case ']':
      case 'P':
      case 'X':
      case '^':
      case '_':
        state = 'string';
        return;
      case '\u001b':
        pushKey(events, { key: 'escape' });
        state = 'escape';
        return;
    }
    const key = keyOfCharacter(character);
    if (key !== undefined) pushKey(events, { ...key, alt: true });
  }

  function takeCsi(character: string, events: InputEvent[]): void {
    // A sequence cut short by a new one.
    if (character === '\u001b') {
      state = 'escape';
      return;
    }
    if (character === '[' && held === '') {
      // Function keys of the Linux console: ESC [ [ A.
      state = 'skip';
      skip = 1;
      return;
    }
    if (character < '\u0040' || character > '\u007e') {
      held += character;
      if (held.length > maxSequence || character < ' ' || character > '\u007e') state = 'ground';
      return;
    }
    state = 'ground';
    if (character === '~' && held === '200') {
      state = 'paste';
      held = '';
    } else if (character === 'M' && held === '') {
      // An old mouse report: three bytes follow.
      state = 'skip';
      skip = 3;
    } else {
      pushKey(events, keyOfCsi(held, character));
    }
  }

  function takePaste(character: string, events: InputEvent[]): void {
    held += character;
    if (character === '~' && held.endsWith(pasteEnd)) {
      events.push({ kind: 'paste', text: (pasted + held.slice(0, -pasteEnd.length)).slice(0, maxPaste) });
      state = 'ground';
      pasted = '';
    } else if (held.length > 2 * maxPaste) {
      // What is too much goes; the end mark must still be seen.
      pasted ||= held.slice(0, maxPaste);
      held = held.slice(-pasteEnd.length);
    }
  }

  return {
    push(bytes) {
      const events: InputEvent[] = [];
      for (const character of decoder.decode(bytes, { stream: true })) take(character, events);
      return events;
    },
    get waiting() {
      return state !== 'ground' && state !== 'paste';
    },
    flush() {
      const events: InputEvent[] = [];
      switch (state) {
        case 'escape':
          pushKey(events, { key: 'escape' });
          break;
        // ESC [ and ESC O alone are Alt with that key.
        case 'csi':
          if (held === '') pushKey(events, { key: '[', alt: true });
          break;
        case 'ss3':
          pushKey(events, { key: 'O', alt: true });
          break;
        case 'paste':
          return events;
        case 'ground':
        case 'string':
        case 'skip':
          break;
      }
      state = 'ground';
      held = '';
      return events;
    },
  };
}

function pushKey(events: InputEvent[], key: KeyPress | undefined): void {
  if (key !== undefined) events.push({ kind: 'key', key });
}
