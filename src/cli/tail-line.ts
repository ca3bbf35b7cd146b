// One ended stream as a line for people: time, client, server, what was asked, what came of it,
// in which TLS mode, and why it came to nothing. Pure.
import type { StreamRecord } from '../domain/connection.ts';
import { safe } from '../domain/safe.ts';
import { type Shade, shaded } from './table.ts';
import { clockTime, latency, short } from './wording.ts';

export function tailLine(record: StreamRecord, color: boolean): string {
  const { timers, status } = record;
  const ms = timers.Ta < 0 ? undefined : latency(timers.Ta * 1_000);
  return [
    shaded(clockTime(record.at), 'muted', color),
    safe(record.client).padEnd(21),
    safe(record.server ?? record.backend ?? '–').padEnd(14),
    shaded(String(status ?? '–').padStart(3), statusShade(status), color),
    (ms ?? '–').padStart(7),
    (short(record.bytesOut) ?? '–').padStart(7),
    safe(record.termination),
    asked(record),
    ...tlsParts(record, color),
    ...(record.cause === undefined ? [] : [shaded(safe(record.cause, 200), 'bad', color)]),
    ...(record.retries > 0 ? [shaded(`${record.retries} retries`, 'warning', color)] : []),
  ].join('  ');
}

function statusShade(status: number | undefined): Shade {
  if (status === undefined) return 'muted';
  if (status >= 500) return 'bad';
  if (status >= 400) return 'warning';
  return status >= 200 && status < 300 ? 'good' : 'plain';
}

function asked({ mode, method, host, path }: StreamRecord): string {
  if (mode !== 'http') return 'tcp';
  return `${safe(method ?? '–')} ${safe(host ?? '', 253)}${safe(path ?? '', 200)}`;
}

/** "edge", "passthrough pay.example.com": a name that the request line has already is not said twice. */
function tlsParts({ tls, sni, host }: StreamRecord, color: boolean): readonly string[] {
  const name = host === undefined && sni !== undefined ? safe(sni, 253) : '';
  const text = [tls ?? '', name].filter((part) => part !== '').join(' ');
  return text === '' ? [] : [shaded(text, 'muted', color)];
}
