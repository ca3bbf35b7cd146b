// Numbers, sizes and times as a console shows them: short, steady in width, and "–" for what is not known.

export const unknown = '–';

type Maybe = number | null | undefined;

function scaled(value: number, units: readonly string[], step: number): string {
  let unit = 0;
  let rest = value;
  // Four digits never: "1000" is wider than "1.0 K" and says no more.
  while (unit < units.length - 1 && Math.round(rest) >= 1_000) {
    rest /= step;
    unit += 1;
  }
  const digits = unit > 0 && rest < 99.95 ? rest.toFixed(1) : String(Math.round(rest));
  return units[unit] === '' ? digits : `${digits} ${units[unit]}`;
}

function grouped(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** "1,842", "99,999", "100 k", "12.1 M". */
export function count(value: Maybe): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return unknown;
  const whole = Math.round(value);
  if (Math.abs(whole) < 100_000) return whole < 0 ? `-${grouped(-whole)}` : grouped(whole);
  return whole < 0
    ? `-${scaled(-whole, ['', 'k', 'M', 'G', 'T'], 1000)}`
    : scaled(whole, ['', 'k', 'M', 'G', 'T'], 1000);
}

/** Like `count`, but a small rate is not rounded away: "0.3" is not nothing. */
export function rate(value: Maybe): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return unknown;
  if (value > 0 && value < 0.05) return '<0.1';
  return value > 0 && value < 9.95 && Math.round(value * 10) % 10 !== 0 ? value.toFixed(1) : count(value);
}

export function perSecond(value: Maybe): string {
  const text = rate(value);
  return text === unknown ? text : `${text}/s`;
}

/** Binary steps: "0", "812", "12 K", "1.1 M". */
export function bytes(value: Maybe): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return unknown;
  return scaled(Math.max(0, value), ['', 'K', 'M', 'G', 'T'], 1024);
}

/** "812 B/s", "12.1 MB/s". */
export function bytesPerSecond(value: Maybe): string {
  const text = bytes(value);
  if (text === unknown) return text;
  return text.includes(' ') ? `${text}B/s` : `${text} B/s`;
}

/** A share of 0…1: "0.3 %", "40 %". */
export function percent(share: Maybe): string {
  if (share === null || share === undefined || !Number.isFinite(share)) return unknown;
  const value = share * 100;
  if (value > 0 && value < 0.05) return '<0.1 %';
  return value > 0 && value < 9.95 ? `${value.toFixed(1)} %` : `${Math.round(value)} %`;
}

export function share(part: Maybe, whole: Maybe): number | null {
  if (part === null || part === undefined || whole === null || whole === undefined || whole <= 0) return null;
  return part / whole;
}

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

/** How long something lasts: "0:42", "4:11", "59:59", "3 h", "9 d". */
export function duration(ms: Maybe): string {
  if (ms === null || ms === undefined || !Number.isFinite(ms)) return unknown;
  const whole = Math.max(0, ms);
  if (whole >= 2 * day) return `${Math.floor(whole / day)} d`;
  if (whole >= hour) return `${Math.floor(whole / hour)} h`;
  const seconds = Math.floor(whole / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

/** A rough time ahead: "20 s", "4:11", "3 h". */
export function about(ms: number): string {
  return ms < minute ? `${Math.max(1, Math.round(ms / 1000))} s` : duration(ms);
}

/** "just now", "12 s ago", "4:11 ago". */
export function ago(ms: number): string {
  return ms < 1_000 ? 'just now' : `${about(ms)} ago`;
}

/** A moment on a ladder, to be compared with its neighbours: "0.0 ms", "19.8 ms", "1.25 s", "4:11". */
export function moment(ms: number, digits = 1): string {
  if (ms < 1_000) return `${ms.toFixed(digits)} ms`;
  return ms < minute ? `${(ms / 1000).toFixed(2)} s` : duration(ms);
}

/** A span of time that somebody chose: "30 s", "5 min", "1 h". */
export function chosenTime(ms: number): string {
  if (ms >= hour && ms % hour === 0) return `${ms / hour} h`;
  if (ms >= minute && ms % minute === 0) return `${ms / minute} min`;
  return `${Number((ms / 1000).toFixed(1))} s`;
}

/** How long one step took: "0.3 ms", "18 ms", "1.2 s", "42 s". */
export function latency(ms: Maybe): string {
  if (ms === null || ms === undefined || !Number.isFinite(ms) || ms < 0) return unknown;
  if (ms < 9.95 && ms > 0) return ms < 0.05 ? '<0.1 ms' : `${Number(ms.toFixed(1))} ms`;
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  return ms < 9_950 ? `${(ms / 1000).toFixed(1)} s` : `${Math.round(ms / 1000)} s`;
}

/** Latencies of samples are in microseconds. */
export function latencyOf(microseconds: Maybe): string {
  return latency(microseconds === null || microseconds === undefined ? null : microseconds / 1000);
}

/** "16:04:11" of this machine's time zone. */
export function localTimeOfDay(at: number): string {
  const date = new Date(at);
  return [date.getHours(), date.getMinutes(), date.getSeconds()]
    .map((n) => String(n).padStart(2, '0'))
    .join(':');
}

export function plural(amount: number, one: string, many = `${one}s`): string {
  return `${count(amount)} ${amount === 1 ? one : many}`;
}
