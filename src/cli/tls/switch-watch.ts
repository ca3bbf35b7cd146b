// `sluice tls switch --wait`: follows the watch of a switch to its end. Leaving ends nothing: the runtime watches on.
import type { RuntimeClient } from '../../client/runtime-client.ts';
import type { Disposer } from '../../domain/event.ts';
import { safe } from '../../domain/safe.ts';
import type { TlsSwitch } from '../../domain/tls-switch.ts';
import { jsonLine } from '../json.ts';
import type { VerbContext } from '../program.ts';
import { systemClock } from '../system-clock.ts';
import { faresText, type WatchEnd, watchEnd, watchLine } from './switch-lines.ts';

/** Resolves with how it ended. The outcome of the switch has been seen already, so the model has it. */
export function waitForSwitch(
  { terminal, options }: VerbContext,
  client: RuntimeClient,
  first: TlsSwitch,
  interrupted: AbortSignal,
): Promise<WatchEnd> {
  const now = () => systemClock.now() + client.clockOffset;
  const json = options.json === true;
  const { route } = first;
  return new Promise((resolve) => {
    const disposers: Disposer[] = [];
    let shown: TlsSwitch | undefined;
    const end = (result: WatchEnd): void => {
      for (const dispose of disposers) dispose();
      terminal.progress('');
      resolve(result);
    };
    const leave = (): void =>
      end({
        ending: 'interrupted',
        text: `no longer waiting: ${safe(route)} stays ${first.to}, and is watched on`,
        hint: `take it back with \`sluice tls revert ${safe(route)}\``,
      });
    const line = (watched: TlsSwitch): string => watchLine(watched, now());
    const look = (): void => {
      const current = client.model.switch.get(route);
      if (current !== undefined && current !== shown) {
        if (json) terminal.print(jsonLine({ switch: current }));
        else if (terminal.isTty) terminal.progress(line(current).slice(0, terminal.columns - 1));
        // A log gets a line when clients fare otherwise, not for every look.
        else if (shown === undefined || sayings(shown) !== sayings(current)) terminal.print(line(current));
        shown = current;
      }
      const result = watchEnd(first, current);
      if (result !== undefined) end(result);
    };
    disposers.push(
      client.changes(look),
      client.attachChanges((attach) => {
        if (attach.state === 'waiting') {
          const away = `◌ the runtime is away: reconnecting (${safe(attach.reason)})`;
          terminal.progress(away.slice(0, terminal.columns - 1));
        } else if (attach.state === 'closed')
          end({ ending: 'no-runtime', text: `lost the runtime: ${safe(attach.reason)}` });
      }),
    );
    if (terminal.isTty && !json) {
      const tick = setInterval(() => {
        if (shown !== undefined) terminal.progress(line(shown).slice(0, terminal.columns - 1));
      }, 1_000);
      disposers.push(() => clearInterval(tick));
    }
    interrupted.addEventListener('abort', leave);
    disposers.push(() => interrupted.removeEventListener('abort', leave));
    look();
    if (interrupted.aborted) leave();
  });
}

/** What of it is worth a line: the share that fails, not how many came by. */
function sayings({ phase, after }: TlsSwitch): string {
  return `${phase} ${after === null ? '' : faresText({ ...after, attempts: 0 })} ${after?.failures ?? 0}`;
}
