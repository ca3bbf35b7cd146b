// One ended stream as a line for people: time, client, server, what was asked, what came of it. Pure.
import type { StreamRecord } from '../domain/connection.ts';
import { safe } from '../domain/safe.ts';
import { type Shade, shaded } from './table.ts';
import { clockTime, latency, short } from './wording.ts';

export function tailLine(record: StreamRecord, color: boolean): string {
  const { timers, status } = record;
  const ms = timers.Ta < 0 ? undefined : latency(timers.Ta * 1_000);
  const asked =
    record.mode === 'http'
      ? `${safe(record.method ?? '–')} ${safe(record.host ?? '')}${safe(record.path ?? '', 200)}`
      : 'tcp';
  return [
    shaded(clockTime(record.at), 'muted', color),
    safe(record.client).padEnd(21),
    safe(record.server ?? record.backend ?? '–').padEnd(14),
    shaded(String(status ?? '–').padStart(3), statusShade(status), color),
    (ms ?? '–').padStart(7),
    (short(record.bytesOut) ?? '–').padStart(7),
    safe(record.termination),
    asked,
    ...(record.retries > 0 ? [shaded(`${record.retries} retries`, 'warning', color)] : []),
  ].join('  ');
}

function statusShade(status: number | undefined): Shade {
  if (status === undefined) return 'muted';
  if (status >= 500) return 'bad';
  if (status >= 400) return 'warning';
  return status >= 200 && status < 300 ? 'good' : 'plain';
}
