// Durations and sizes as operators write them. Both directions are exact: what is formatted parses to the same number.

import type { Milliseconds } from './plan.ts';

export type UnitResult =
  | { readonly ok: true; readonly value: number }
  | { readonly ok: false; readonly message: string; readonly remedy: string };

const durationUnits = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
  ['ms', 1],
] as const;

/** Timers hold 31 bits of milliseconds (24.8 days), in Node as in HAProxy. */
export const maxDurationMs: Milliseconds = 24 * 86_400_000;

/** "500ms", "1.5s", "5m", "1h", "1d" → milliseconds. A number without a unit could mean anything, so it is refused. */
export function parseDuration(text: string): UnitResult {
  const match = /^(\d{1,12}(?:\.\d{1,6})?)\s?([a-zA-Zµ]*)$/.exec(text.trim());
  if (!match)
    return refused(`"${text}" is not a duration`, 'write a number and a unit, such as 500ms, 30s or 5m');
  const [, number = '', unit = ''] = match;
  if (unit === '') {
    if (Number(number) === 0) return { ok: true, value: 0 };
    return refused(`the duration ${number} has no unit`, `write ${number}ms or ${number}s`);
  }
  const factor = durationUnits.find(([name]) => name === unit)?.[1];
  if (factor === undefined)
    return refused(`"${unit}" is not a unit of time`, 'the units are ms, s, m (minutes), h and d');
  const value = scaled(number, factor);
  if (!Number.isInteger(value)) return refused(`${text} is not a whole number of milliseconds`, 'round it');
  if (value > maxDurationMs) return refused(`${text} is longer than a timer can wait`, 'at most 24d');
  return { ok: true, value };
}

/** The largest unit that divides it: 30000 → "30s", 90000 → "90s", 3600000 → "1h", 0 → "0s". Whole milliseconds. */
export function formatDuration(ms: Milliseconds): string {
  if (ms === 0) return '0s';
  const [unit, factor] = durationUnits.find(([, size]) => ms % size === 0) ?? ['ms', 1];
  return `${ms / factor}${unit}`;
}

const spokenUnits = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
  ['ms', 1],
] as const;

/** For people, exact: 2000 → "2 s", 90000 → "1 min 30 s", 1500 → "1.5 s", 500 → "500 ms". Whole milliseconds. */
export function spokenDuration(ms: Milliseconds): string {
  if (ms === 0) return '0 s';
  if (ms > 1_000 && ms < 60_000) return `${ms / 1_000} s`;
  let rest = ms;
  const parts: string[] = [];
  for (const [unit, size] of spokenUnits) {
    const count = Math.floor(rest / size);
    if (count > 0) parts.push(`${count} ${unit}`);
    rest -= count * size;
  }
  return parts.join(' ');
}

const sizeUnits = [
  ['T', 1024 ** 4],
  ['G', 1024 ** 3],
  ['M', 1024 ** 2],
  ['k', 1024],
] as const;

/** "16k", "1M", "1.5G" → bytes; units are powers of 1024, as in HAProxy; a number alone is bytes. */
export function parseSize(text: string): UnitResult {
  const match = /^(\d{1,15}(?:\.\d{1,6})?)\s?([a-zA-Z]*)$/.exec(text.trim());
  if (!match)
    return refused(`"${text}" is not a size`, 'write bytes, or a number and a unit, such as 16k or 1M');
  const [, number = '', unit = ''] = match;
  const letter = unit.replace(/i?b$/i, '').toLowerCase();
  const factor = letter === '' ? 1 : sizeUnits.find(([name]) => name.toLowerCase() === letter)?.[1];
  if (factor === undefined)
    return refused(`"${unit}" is not a unit of size`, 'the units are k, M, G and T (powers of 1024)');
  const value = scaled(number, factor);
  if (!Number.isInteger(value)) return refused(`${text} is not a whole number of bytes`, 'round it');
  if (value > Number.MAX_SAFE_INTEGER) return refused(`${text} is too large`, 'at most 8191T');
  return { ok: true, value };
}

/** The largest unit that divides it: 16384 → "16k", 1000 → "1000". Whole bytes. */
export function formatSize(bytes: number): string {
  if (bytes === 0) return '0';
  const [unit, factor] = sizeUnits.find(([, size]) => bytes % size === 0) ?? ['', 1];
  return `${bytes / factor}${unit}`;
}

/** Decimal places are scaled as whole numbers: 1.1 × 1000 must be 1100, not 1100.0000000000002. */
function scaled(number: string, factor: number): number {
  const [whole = '', fraction = ''] = number.split('.');
  return Number(whole) * factor + (Number(fraction || 0) * factor) / 10 ** fraction.length;
}

function refused(message: string, remedy: string): UnitResult {
  return { ok: false, message, remedy };
}
