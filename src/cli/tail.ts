// `sluice tail`: streams as they end, line by line, until Ctrl-C or --count.
import { attached } from './attachment.ts';
import { CliFailure } from './failure.ts';
import { checkFilter } from './filter-argument.ts';
import { jsonLine } from './json.ts';
import type { VerbContext } from './program.ts';
import { tailLine } from './tail-line.ts';

export interface TailOptions {
  readonly filter: string;
  readonly count?: number;
}

export function tail(context: VerbContext, options: TailOptions): Promise<void> {
  const { terminal, options: globals } = context;
  checkFilter(options.filter);
  return attached(
    context,
    (client) =>
      new Promise<void>((resolve, reject) => {
        let left = options.count ?? Number.POSITIVE_INFINITY;
        const end = (failure?: CliFailure) => {
          stopTail();
          stopAttach();
          stopInterrupt();
          if (failure === undefined) resolve();
          else reject(failure);
        };
        const stopTail = client.tail(options.filter, ({ records, dropped }) => {
          if (dropped > 0) terminal.note(`… ${dropped} more came too fast to be shown`);
          for (const record of records.slice(0, left)) {
            terminal.print(globals.json === true ? jsonLine(record) : tailLine(record, terminal.color));
          }
          left -= records.length;
          if (left <= 0) end();
        });
        const stopAttach = client.attachChanges((attach) => {
          if (attach.state === 'waiting') terminal.note('◌ the runtime is away: reconnecting');
          else if (attach.state === 'closed')
            end(new CliFailure('no-runtime', `lost the runtime: ${attach.reason}`));
        });
        const stopInterrupt = terminal.onInterrupt(() => end());
      }),
    { stay: true },
  );
}
