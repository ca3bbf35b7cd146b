// Keys that edit text: the filter, the palette, a dialog's number. What does not edit is left to the bindings.

import { changeBlock } from './block-questions.ts';
import type { KeyPress } from './console.ts';
import type { Desk } from './desk.ts';
import { blockTextOf } from './dialogs/block-dialog.ts';
import { mustForce } from './dialogs/switch-dialog.ts';
import { retypedTrace } from './dialogs/trace.ts';
import { retyped, typedOf } from './dialogs/what-if.ts';
import { atTop } from './list-cursor.ts';
import { changeDialog, setDialog } from './questions.ts';
import type { Overlay } from './state.ts';
import { edited, insert, type TypedText } from './typed-text.ts';

/** True where the key edited something. */
export function typeInto(desk: Desk, key: KeyPress): boolean {
  const { overlay } = desk.state;
  const text = textOf(overlay);
  if (overlay === undefined || text === undefined) return false;
  // In a number only digits edit: letters stay keys, `y` above all.
  if (isForm(overlay) && isLeading(key)) return false;
  if (overlay.kind === 'dialog' && [...key.key].length === 1 && !key.ctrl && !/\d/.test(key.key))
    return false;
  const next = edited(text, key);
  if (next === undefined) return false;
  replace(desk, overlay, next);
  return true;
}

function isForm({ kind }: Overlay): boolean {
  return kind === 'switch' || kind === 'what-if' || kind === 'trace' || kind === 'block';
}

/** In a name every letter edits, `y` too: only keys that lead out of it stay keys. */
function isLeading({ key }: KeyPress): boolean {
  return ['up', 'down', 'tab', 'enter', 'escape'].includes(key);
}

export function typePasted(desk: Desk, pasted: string): void {
  const { overlay } = desk.state;
  const text = textOf(overlay);
  // Pasted text is never keys: a console that runs what is in a clipboard drains servers by accident.
  if (overlay === undefined || text === undefined) return;
  replace(desk, overlay, insert(text, overlay.kind === 'dialog' ? pasted.replace(/\D/g, '') : pasted.trim()));
}

function textOf(overlay: Overlay | undefined): TypedText | undefined {
  switch (overlay?.kind) {
    case 'filter':
    case 'palette':
      return overlay.text;
    case 'dialog':
      return overlay.dialog.focus === 'weight' ? overlay.dialog.weight : undefined;
    case 'switch':
      return overlay.dialog.focus === 'force' && mustForce(overlay.dialog) ? overlay.dialog.force : undefined;
    case 'what-if':
      return typedOf(overlay.dialog);
    case 'trace':
      return overlay.dialog.stage === 'ask' ? overlay.dialog.texts[overlay.dialog.field] : undefined;
    case 'block':
      return blockTextOf(overlay.dialog);
    case 'help':
    case undefined:
      return undefined;
  }
}

function replace(desk: Desk, overlay: Overlay, text: TypedText): void {
  switch (overlay.kind) {
    case 'filter':
      desk.set({ overlay: { ...overlay, text } });
      break;
    case 'palette':
      desk.set({ overlay: { ...overlay, text, cursor: atTop } });
      break;
    case 'dialog': {
      const weight = { text: text.text.slice(0, 3), at: Math.min(3, text.at) };
      if (weight.text === overlay.dialog.weight.text) setDialog(desk, { ...overlay.dialog, weight });
      else changeDialog(desk, { ...overlay.dialog, weight });
      break;
    }
    case 'switch':
      desk.set({ overlay: { ...overlay, dialog: { ...overlay.dialog, force: text, hint: undefined } } });
      break;
    case 'what-if':
      desk.set({ overlay: { ...overlay, dialog: retyped(overlay.dialog, text) } });
      break;
    case 'trace':
      desk.set({ overlay: { ...overlay, dialog: retypedTrace(overlay.dialog, text) } });
      break;
    case 'block':
      changeBlock(desk, overlay.dialog, text);
      break;
    case 'help':
      break;
  }
}
