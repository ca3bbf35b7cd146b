// A demo without a console: says where it is, and waits.
import type { ChildProcess } from 'node:child_process';
import type { RuntimeClient } from '../../client/runtime-client.ts';
import { CliFailure } from '../failure.ts';
import { jsonLine } from '../json.ts';
import type { VerbContext } from '../program.ts';

/** Until a signal, the time given, or the runtime's own end. */
export function waitForEnd(
  { terminal, options }: VerbContext,
  client: RuntimeClient,
  url: string,
  runtime: ChildProcess,
  seconds: number | undefined,
): Promise<void> {
  const binds = [...client.model.bind.values()].map(({ name, address, mode }) => ({ name, address, mode }));
  client.close();
  if (options.json === true) terminal.print(jsonLine({ url, binds }));
  else {
    for (const { name, address, mode } of binds) terminal.print(`demo bind ${name}: ${address} (${mode})`);
    terminal.print(`attach with: sluice --attach ${url}`);
  }
  return new Promise((resolve, reject) => {
    const timer = seconds === undefined ? undefined : setTimeout(end, seconds * 1_000);
    const stopListening = terminal.onInterrupt(end);
    process.once('SIGHUP', end);
    runtime.once('exit', gone);
    function end() {
      clearTimeout(timer);
      stopListening();
      process.off('SIGHUP', end);
      runtime.off('exit', gone);
      resolve();
    }
    function gone() {
      // First: a promise is settled once, and this is how it ended.
      reject(new CliFailure('refused', 'the demo’s runtime ended by itself'));
      end();
    }
  });
}
