// Which HTTP status codes a check takes for healthy: 200, "200-399", "2xx", or a list of these.

import type { Parsed } from './values.ts';

export type StatusRange = readonly [from: number, to: number];

const remedy = 'such as 200, 200-399, 2xx, or a list of these';

export function parseStatusRanges(value: unknown): Parsed<StatusRange[]> {
  const ranges: StatusRange[] = [];
  const items: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (items.length === 0) return { ok: false, message: 'no status would be healthy', remedy };
  for (const item of items) {
    const range = rangeOf(String(item));
    if (!range)
      return { ok: false, message: `${JSON.stringify(item)} is not a status or a range of them`, remedy };
    ranges.push(range);
  }
  return { ok: true, value: ranges };
}

export function statusRangeText([from, to]: StatusRange): string {
  if (from === to) return String(from);
  return from % 100 === 0 && to === from + 99 ? `${from / 100}xx` : `${from}-${to}`;
}

function rangeOf(text: string): StatusRange | undefined {
  const status = /^([1-5])xx$/i.exec(text);
  if (status) return [Number(status[1]) * 100, Number(status[1]) * 100 + 99];
  const [, from, to = from] = /^(\d{3})(?:-(\d{3}))?$/.exec(text) ?? [];
  const range: StatusRange = [Number(from), Number(to)];
  return range[0] >= 100 && range[1] <= 599 && range[0] <= range[1] ? range : undefined;
}
