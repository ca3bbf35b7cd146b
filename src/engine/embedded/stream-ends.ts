// Where ended streams go in an instance: to the access log of the plan and to tails. While there is neither, the data
// plane's hook is unset and a stream's end costs nothing.

import type { AccessLog } from '../../domain/plan.ts';
import { type AccessLogWriter, openAccessLog } from '../../proxy/access-log.ts';
import type { DataPlane } from '../../proxy/data-plane.ts';
import { streamRecord } from '../../proxy/stream-record.ts';
import type { Tails } from './tails.ts';

export interface StreamEnds {
  /** Goes on with this log; the same settings keep the file open. */
  logTo(settings: AccessLog | undefined): void;
  reopenLog(): void;
  /** Call after tails came or went. */
  refresh(): void;
  /** Lines lost since the start, over all logs. */
  readonly logDropped: number;
  close(): Promise<void>;
}

export function createStreamEnds(
  plane: Pick<DataPlane, 'onStreamEnd' | 'openConnections' | 'bind' | 'timers'>,
  life: string,
  tails: Tails,
  onProblem: (text: string) => void,
): StreamEnds {
  let settings: AccessLog | undefined;
  let log: AccessLogWriter | undefined;
  let droppedBefore = 0;

  const ended: NonNullable<DataPlane['onStreamEnd']> = (connection, backend, server) => {
    // As HAProxy counts: the connection is still open on its bind, the stream has left its server already.
    const others = (streams: number) => Math.max(0, server === undefined ? streams : streams - 1);
    const counts = [
      plane.openConnections,
      plane.bind(connection.bind)?.traffic.connections ?? 0,
      others(backend?.streams ?? 0),
      others(server?.streams ?? 0),
    ] as const;
    const record = streamRecord(connection, life, counts, plane.timers.mono());
    log?.write(record);
    tails.record(record);
  };

  function refresh(): void {
    plane.onStreamEnd = log !== undefined || tails.size > 0 ? ended : undefined;
  }

  async function closeLog(): Promise<void> {
    const last = log;
    log = undefined;
    if (last === undefined) return;
    await last.close();
    droppedBefore += last.dropped;
  }

  return {
    logTo(next) {
      if (next?.path === settings?.path && next?.format === settings?.format) return;
      settings = next;
      void closeLog();
      log = next === undefined ? undefined : openAccessLog(next, onProblem);
      refresh();
    },
    reopenLog: () => log?.reopen(),
    refresh,
    get logDropped() {
      return droppedBefore + (log?.dropped ?? 0);
    },
    close: closeLog,
  };
}
