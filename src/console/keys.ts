// From a key press to its binding: how keys are named, which scopes take them now, and how they are shown.

import type { Binding, Scope } from './binding.ts';
import { bindings } from './bindings.ts';
import type { KeyPress } from './console.ts';
import type { KeyContext } from './selection.ts';

/** Scopes that take a key now, the nearest first. An overlay takes all keys but the one that always leaves. */
export function activeScopes({ state }: Pick<KeyContext, 'state'>): readonly Scope[] {
  return state.overlay === undefined ? [state.screen, 'list', 'everywhere'] : [state.overlay.kind];
}

export function bindingFor(key: string, scopes: readonly Scope[]): Binding | undefined {
  if (key === 'ctrl+c') return bindings.find(({ command }) => command === 'leave-at-once');
  for (const scope of scopes) {
    const found = bindings.find((binding) => binding.scope === scope && binding.keys.includes(key));
    if (found !== undefined) return found;
  }
  return undefined;
}

/** "j", "G", "ctrl+r", "shift+tab". A printable character carries its shift in itself. */
export function keyName({ key, ctrl, alt, shift }: KeyPress): string {
  const name = key === ' ' ? 'space' : key;
  return `${ctrl ? 'ctrl+' : ''}${alt ? 'alt+' : ''}${shift && [...name].length > 1 ? 'shift+' : ''}${name}`;
}

const shownNames: Readonly<Record<string, string>> = {
  up: '↑',
  down: '↓',
  left: '←',
  right: '→',
  pageup: 'PgUp',
  pagedown: 'PgDn',
  home: 'Home',
  end: 'End',
  enter: 'Enter',
  escape: 'Esc',
  tab: 'Tab',
  space: 'Space',
};

/** "Enter", "^R", "Shift-Tab". */
export function shownKey(name: string): string {
  const parts = name.split('+');
  const last = name === '+' ? '+' : parts.at(-1)!;
  const shown = shownNames[last] ?? last;
  if (parts.includes('ctrl')) return `^${shown.toUpperCase()}`;
  return parts.includes('shift') ? `Shift-${shown}` : shown;
}
