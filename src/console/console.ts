// The console as the screen sees it: keys go in, frames come out. Made by create-console.ts.

import type { Disposer } from '../domain/event.ts';
import type { Frame } from './frame.ts';

export interface KeyPress {
  /** A printable character, or one of the names. */
  readonly key: string | NamedKey;
  readonly ctrl?: boolean;
  readonly alt?: boolean;
  readonly shift?: boolean;
}

export type NamedKey =
  | 'up'
  | 'down'
  | 'left'
  | 'right'
  | 'pageup'
  | 'pagedown'
  | 'home'
  | 'end'
  | 'enter'
  | 'escape'
  | 'tab'
  | 'backspace'
  | 'delete'
  | 'space';

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

export interface Console {
  /** Something a frame shows may have changed. Called often; whoever draws decides how often to draw. */
  subscribe(listener: () => void): Disposer;
  frame(size: Size): Frame;
  press(key: KeyPress): void;
  paste(text: string): void;
  /** Resolves when the operator leaves. */
  readonly left: Promise<void>;
  dispose(): void;
}
