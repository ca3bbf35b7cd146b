// Numbers and times as a person reads them in a table or a line. Pure.

/** 42 s, 4:11, 3 h, 9 d: one glance, never exact. */
export function age(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3_600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}

/** 812, 12.1 K, 88.4 M: powers of 1000. */
export function short(value: number | null | undefined): string | undefined {
  if (value === null || value === undefined || Number.isNaN(value)) return undefined;
  const units = ['', ' K', ' M', ' G', ' T'];
  let rest = value;
  let unit = 0;
  while (Math.abs(rest) >= 1_000 && unit < units.length - 1) {
    rest /= 1_000;
    unit += 1;
  }
  const text =
    unit === 0 || Math.abs(rest) >= 100 ? rest.toFixed(rest < 10 && rest % 1 !== 0 ? 1 : 0) : rest.toFixed(1);
  return `${text}${units[unit]}`;
}

/** 850 µs, 3.1 ms, 61 ms, 1.2 s. */
export function latency(us: number | null | undefined): string | undefined {
  if (us === null || us === undefined || Number.isNaN(us)) return undefined;
  if (us < 1_000) return `${Math.round(us)} µs`;
  if (us < 10_000) return `${(us / 1_000).toFixed(1)} ms`;
  if (us < 1_000_000) return `${Math.round(us / 1_000)} ms`;
  return `${(us / 1_000_000).toFixed(1)} s`;
}

/** 2026-11-22 16:04:11, in this machine's time zone. */
export function wallTime(at: number): string {
  const time = new Date(at);
  const two = (value: number) => String(value).padStart(2, '0');
  const day = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
  return `${day} ${clockTime(at)}`;
}

export function clockTime(at: number): string {
  const time = new Date(at);
  return [time.getHours(), time.getMinutes(), time.getSeconds()]
    .map((value) => String(value).padStart(2, '0'))
    .join(':');
}

export function count(value: number, one: string, many = `${one}s`): string {
  return `${value} ${value === 1 ? one : many}`;
}
