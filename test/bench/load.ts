// Load for the bench: one run on the load core, of wrk or of handshakes, and what it measured.
import { fileURLToPath } from 'node:url';
import { start } from '../support/processes.ts';

export interface LoadResult {
  readonly requests: number;
  readonly perSecond: number;
  readonly p50Us: number;
  readonly p99Us: number;
  /** Socket errors and answers that were not 2xx or 3xx. */
  readonly failed: number;
}

export interface Load {
  readonly url: string;
  readonly seconds: number;
  readonly connections: number;
  readonly headers?: readonly string[];
  readonly under: readonly string[];
}

export async function wrk(load: Load): Promise<LoadResult> {
  const words = [
    ...load.under,
    'wrk',
    '-t1',
    `-c${load.connections}`,
    `-d${load.seconds}s`,
    '--latency',
    ...(load.headers ?? []).flatMap((header) => ['-H', header]),
    load.url,
  ];
  const started = await start(words[0]!, words.slice(1));
  await started.exited;
  return parseWrk(started.output());
}

const unitUs: Readonly<Record<string, number>> = { us: 1, ms: 1_000, s: 1_000_000, m: 60_000_000 };

/** @throws Error with wrk's own output where it is not a report. */
export function parseWrk(text: string): LoadResult {
  const time = (percent: string): number => {
    const [, value, unit] = new RegExp(`^\\s*${percent}%\\s+([\\d.]+)(us|ms|s|m)\\s*$`, 'm').exec(text) ?? [];
    return value === undefined ? Number.NaN : Number(value) * unitUs[unit!]!;
  };
  const requests = /(\d+) requests in/.exec(text)?.[1];
  const perSecond = /Requests\/sec:\s*([\d.]+)/.exec(text)?.[1];
  if (requests === undefined || perSecond === undefined) throw new Error(`wrk said:\n${text}`);
  const socketErrors = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(text);
  const wrongAnswers = /Non-2xx or 3xx responses: (\d+)/.exec(text)?.[1];
  const failed =
    (socketErrors?.slice(1).reduce((sum, count) => sum + Number(count), 0) ?? 0) + Number(wrongAnswers ?? 0);
  return {
    requests: Number(requests),
    perSecond: Number(perSecond),
    p50Us: time('50'),
    p99Us: time('99'),
    failed,
  };
}

export interface HandshakeLoad {
  readonly port: number;
  readonly path: string;
  readonly seconds: number;
  readonly connections: number;
  readonly version: 'TLSv1.2' | 'TLSv1.3';
  readonly resumed: boolean;
  readonly under: readonly string[];
}

/** One connection for each request; `requests` are those whose handshake was as asked for. */
export async function handshakes(load: HandshakeLoad): Promise<LoadResult> {
  const { under, ...options } = load;
  const program = fileURLToPath(new URL('./handshakes.ts', import.meta.url));
  const words = [...under, process.execPath, program, JSON.stringify(options)];
  const started = await start(words[0]!, words.slice(1));
  await started.exited;
  try {
    return JSON.parse(started.output()) as LoadResult;
  } catch {
    throw new Error(`the handshake load said:\n${started.output()}`);
  }
}
