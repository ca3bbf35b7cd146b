// From measurements to the tables that the bench prints: medians over rounds, and ratios to HAProxy. Pure.

export interface Measurement {
  readonly row: string;
  readonly proxy: string;
  readonly requests: number;
  readonly cpuUs: number;
  readonly perSecond: number;
  readonly p50Us: number;
  readonly p99Us: number;
  readonly failed: number;
}

export function median(values: readonly number[]): number {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort((a, b) => a - b);
  if (sorted.length === 0) return Number.NaN;
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

const columns = ['', 'µs CPU/request', 'requests/s', 'p50', 'p99', 'failed', 'requests per CPU s'] as const;

/** One table a row of the bench; proxies in the order they first appear. */
export function report(measurements: readonly Measurement[]): string {
  const rows = [...new Set(measurements.map(({ row }) => row))];
  return rows
    .map((row) =>
      table(
        row,
        measurements.filter((one) => one.row === row),
      ),
    )
    .join('\n\n');
}

function table(row: string, measurements: readonly Measurement[]): string {
  const names = [...new Set(measurements.map(({ proxy }) => proxy))];
  const cost = new Map(
    names.map((name) => [
      name,
      median(of(measurements, name).map(({ cpuUs, requests }) => cpuUs / requests)),
    ]),
  );
  const reference = cost.get('HAProxy');
  const lines = names.map((name) => {
    const own = of(measurements, name);
    const ratio = reference === undefined ? undefined : reference / cost.get(name)!;
    return [
      name,
      number(cost.get(name)!, 1),
      number(median(own.map(({ perSecond }) => perSecond)), 0),
      time(median(own.map(({ p50Us }) => p50Us))),
      time(median(own.map(({ p99Us }) => p99Us))),
      String(own.reduce((sum, { failed }) => sum + failed, 0)),
      ratio === undefined ? '–' : `${ratio.toFixed(2)} × HAProxy`,
    ];
  });
  const all = [[row, ...columns.slice(1)], ...lines];
  const widths = columns.map((_, index) => Math.max(...all.map((line) => line[index]!.length)));
  return all
    .map((line) =>
      line
        .map((cell, index) => (index === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[index]!)))
        .join('  '),
    )
    .join('\n');
}

function of(measurements: readonly Measurement[], proxy: string): Measurement[] {
  return measurements.filter((one) => one.proxy === proxy);
}

function number(value: number, digits: number): string {
  return Number.isNaN(value)
    ? '–'
    : value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

function time(us: number): string {
  return Number.isNaN(us) ? '–' : `${number(us / 1_000, 2)} ms`;
}
