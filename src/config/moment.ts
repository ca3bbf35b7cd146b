// A point in time as Kubernetes writes it (RFC 3339). YAML's own way with a space is taken too; a time of no zone is not:
// which route is older must not depend on where a runtime runs.

import { leaf, type Parsed, quote } from './values.ts';

const pattern =
  /^(\d{4})-(\d\d)-(\d\d)(?:[Tt ](\d\d):(\d\d):(\d\d)(?:\.\d{1,9})?\s?([Zz]|[+-]\d\d:?\d\d)?)?$/;
const remedy = 'such as 2026-01-31T10:00:00Z';

export function parseMoment(value: unknown): Parsed<number> {
  if (typeof value !== 'string') return { ok: false, message: 'expected a date with its time', remedy };
  const match = pattern.exec(value.trim());
  if (!match) return { ok: false, message: `${quote(value)} is not a date with its time`, remedy };
  const [, year, month, day, hour, minute, second, zone] = match;
  if (hour !== undefined && zone === undefined)
    return { ok: false, message: `${quote(value)} has no time zone`, remedy: `write ${value.trim()}Z` };
  const date = Date.UTC(Number(year), Number(month) - 1, Number(day));
  const read = new Date(date);
  if (read.getUTCMonth() !== Number(month) - 1 || read.getUTCDate() !== Number(day))
    return { ok: false, message: `${quote(value)} is on no calendar`, remedy };
  if (hour === undefined) return { ok: true, value: date };
  const offset = zone === undefined ? 0 : offsetOf(zone);
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59 || offset === undefined)
    return { ok: false, message: `${quote(value)} is no time of a day`, remedy };
  const seconds = (Number(hour) * 60 + Number(minute)) * 60 + Number(second) - offset * 60;
  return { ok: true, value: date + seconds * 1_000 };
}

/** Minutes east of UTC. */
function offsetOf(zone: string): number | undefined {
  if (zone === 'Z' || zone === 'z') return 0;
  const [hours, minutes] = [Number(zone.slice(1, 3)), Number(zone.slice(-2))];
  if (hours > 23 || minutes > 59) return undefined;
  return (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes);
}

export function moment(description: string) {
  const shape = { type: 'string', format: 'date-time', examples: ['2026-01-31T10:00:00Z'] };
  return leaf(parseMoment, shape, description);
}
