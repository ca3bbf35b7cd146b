// What a console is told of a preflight under way: now and then while findings come in, and the verdict always.

import type { Clock } from '../../domain/clock.ts';
import type { Disposer } from '../../domain/event.ts';
import type { Preflight } from '../../domain/preflight.ts';
import { notificationText } from '../../protocol/rpc.ts';
import type { Outlet } from './outlet.ts';

export interface PreflightReport {
  /** True once the verdict is there: it was the last. */
  tell(preflight: Preflight): boolean;
  close: Disposer;
}

/** The longer a report, the longer it lasts until the next. */
const findingsAtATime = 200;

/** Each report has all findings so far: one for each finding would be too much with thousands of servers. */
export function createPreflightReport(
  watch: string,
  outlet: Pick<Outlet, 'sample' | 'reply'>,
  everyMs: number,
  clock: Pick<Clock, 'after'>,
): PreflightReport {
  let newest: Preflight | undefined;
  let cancel: Disposer | undefined;
  let closed = false;

  const text = (preflight: Preflight): string => notificationText('preflight', { watch, preflight });

  function pause({ findings }: Preflight): void {
    cancel = clock.after(everyMs * Math.ceil((findings.length + 1) / findingsAtATime), () => {
      cancel = undefined;
      const due = newest;
      newest = undefined;
      if (due === undefined) return;
      outlet.sample(() => text(due));
      pause(due);
    });
  }

  function close(): void {
    closed = true;
    cancel?.();
  }

  return {
    tell(preflight) {
      if (closed) return false;
      if (preflight.verdict !== 'running') {
        close();
        outlet.reply(text(preflight));
        return true;
      }
      if (cancel === undefined) {
        outlet.sample(() => text(preflight));
        pause(preflight);
      } else newest = preflight;
      return false;
    },
    close,
  };
}
