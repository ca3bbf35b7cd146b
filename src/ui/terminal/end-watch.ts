// Notices everything that ends a console from outside: signals, and a terminal that goes away (in whatever order it tells so).

import type { ReadStream, WriteStream } from 'node:tty';
import type { Disposer } from '../../domain/event.ts';
import { type ConsoleEnd, type EndSignal, endSignals } from '../console-end.ts';

const hangUp: ConsoleEnd = { how: 'hang-up', exitCode: 129 };

export function watchEnds(
  stdin: ReadStream,
  stdout: WriteStream,
  onEnd: (end: ConsoleEnd) => void,
): Disposer {
  const signals = (Object.keys(endSignals) as EndSignal[]).map((signal) => {
    const listener = () => onEnd({ how: 'signal', signal, exitCode: endSignals[signal] });
    process.on(signal, listener);
    return () => process.off(signal, listener);
  });
  // A closed terminal shows as the end of input, as EIO from reading or writing, or as EPIPE.
  const gone = () => onEnd(hangUp);
  stdin.on('end', gone).on('error', gone).on('close', gone);
  stdout.on('error', gone).on('close', gone);
  return () => {
    for (const dispose of signals) dispose();
    stdin.off('end', gone).off('error', gone).off('close', gone);
    stdout.off('error', gone).off('close', gone);
  };
}

/** While what is left is put in order, a terminal that has gone may still say so again: that must not cut it short. */
export function ignoreHangUp(stdin: ReadStream, stdout: WriteStream): void {
  const ignore = () => {};
  process.on('SIGHUP', ignore);
  stdin.on('error', ignore);
  stdout.on('error', ignore);
}
