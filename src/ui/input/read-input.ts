// Reads the terminal: bytes to keys and pastes, with the short wait that tells the Esc key from the start of a sequence.

import type { ReadStream } from 'node:tty';
import type { Clock } from '../../domain/clock.ts';
import type { Disposer } from '../../domain/event.ts';
import { createInputParser, type InputEvent } from './input-parser.ts';

/** Longer than a sequence is ever torn apart on the way, shorter than an operator notices. */
const escapeWaitMs = 30;

export function readInput(
  stdin: ReadStream,
  clock: Clock,
  listener: (events: readonly InputEvent[]) => void,
): Disposer {
  const parser = createInputParser();
  let cancel = () => {};
  const tell = (events: readonly InputEvent[]) => {
    if (events.length > 0) listener(events);
  };
  const read = (bytes: Buffer) => {
    cancel();
    tell(parser.push(bytes));
    if (parser.waiting) cancel = clock.after(escapeWaitMs, () => tell(parser.flush()));
  };
  stdin.on('data', read);
  stdin.resume();
  return () => {
    cancel();
    stdin.off('data', read);
    stdin.pause();
  };
}
