// Parts of a plan in the words of screens and listings.

import type { Check } from '../domain/plan.ts';
import { type SafeText, safe } from '../domain/safe.ts';
import { spokenDuration } from '../domain/units.ts';
import { defaults } from './defaults.ts';
import { statusRangeText } from './status-ranges.ts';

/** "HTTP GET /healthz every 2 s, rise 2, fall 3"; what differs from the defaults is added. */
export function checkSummary(check: Check): SafeText {
  const { kind, interval, rise, fall, port, timeout } = check;
  const parts: string[] = [];
  if (kind.type === 'tcp') parts.push(`TCP connect every ${spokenDuration(interval)}`);
  else {
    parts.push(`HTTP ${kind.method} ${kind.path} every ${spokenDuration(interval)}`);
    const expect = kind.expect.map(statusRangeText).join(', ');
    if (expect !== defaults.checkExpect) parts.push(`expects ${expect}`);
  }
  parts.push(`rise ${rise}`, `fall ${fall}`);
  if (timeout !== interval) parts.push(`timeout ${spokenDuration(timeout)}`);
  if (port !== undefined) parts.push(`on port ${port}`);
  return safe(parts.join(', '));
}
