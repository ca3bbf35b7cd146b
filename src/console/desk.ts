// What actions work with: the console's state, the world as seen now, and the runtime behind it. Made by create-console.ts.

import type { RuntimeClient } from '../client/runtime-client.ts';
import type { Clock } from '../domain/clock.ts';
import type { KeyContext } from './selection.ts';
import type { Notice, State } from './state.ts';

export interface Desk {
  readonly client: RuntimeClient;
  readonly clock: Clock;
  readonly state: State;
  /** State, world and size at this moment. */
  context(): KeyContext;
  set(change: Partial<State>): void;
  say(kind: Notice['kind'], text: string, remedy?: string): void;
  /** Numbers that are not used twice. */
  nextId(): number;
  toggleFreeze(): void;
  leave(): void;
}
