// The conntrack program, a process for each question. Its list is read as it comes: of a million connections no more is held than
// was asked for.

import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import type { Clock } from '../../domain/clock.ts';
import type { Usable } from '../../domain/kernel.ts';
import { safe } from '../../domain/safe.ts';
import type { LastWord } from '../process/last-word.ts';
import { netAdmin } from '../process/nft-errors.ts';
import { type ProgramEnd, runProgram } from '../process/run-program.ts';
import { askedAgain } from '../process/usable-again.ts';
import { type Conntrack, ConntrackError, type Flow, type FlowQuery } from './conntrack.ts';
import { flowOf } from './flow-lines.ts';

export interface ConntrackOptions {
  /** Words before the programs: ["ip", "netns", "exec", NAME], for tests. */
  readonly prefix?: readonly string[];
  /** Default: ["conntrack"]. */
  readonly command?: readonly string[];
  readonly clock: Clock;
  /** Default: 10 s. */
  readonly timeoutMs?: number;
  readonly lastWord?: LastWord;
}

/** A line is some 300 characters. */
const longestLine = 8_192;
const accountingPath = '/proc/sys/net/netfilter/nf_conntrack_acct';

export function createConntrack(options: ConntrackOptions): Conntrack {
  const { prefix = [], command = ['conntrack'], clock, timeoutMs = 10_000, lastWord } = options;

  function conntrack(words: readonly string[], output?: (chunk: string) => boolean): Promise<ProgramEnd> {
    return runProgram({
      words: [...prefix, ...command, ...words],
      clock,
      timeoutMs,
      ...(lastWord && { lastWord }),
      ...(output && { output }),
    });
  }

  const usable = askedAgain(
    clock,
    async () => ({ list: await listUsable(), accounting: await accountingUsable() }),
    // Whether bytes are counted is a setting: most machines never turn it on.
    ({ list: can }) => can === true,
  );

  async function listUsable(): Promise<Usable> {
    try {
      await list({ limit: 1 });
      return true;
    } catch (error) {
      const { message } = error as Error;
      const no = safe(`connections of the kernel cannot be listed: ${message}`, 300);
      const remedy = remedyOf(message);
      return { no, ...(remedy !== undefined && { remedy }) };
    }
  }

  async function accountingUsable(): Promise<Usable> {
    const text = await accountingText();
    if (text === undefined)
      return { no: 'the kernel tracks no connections here', remedy: 'modprobe nf_conntrack' };
    if (text.trim() === '1') return true;
    return {
      no: 'the kernel does not count the bytes of connections',
      remedy: 'sysctl net.netfilter.nf_conntrack_acct=1 (it counts for connections that begin after that)',
    };
  }

  async function accountingText(): Promise<string | undefined> {
    if (prefix.length === 0) return readFile(accountingPath, 'utf8').catch(() => undefined);
    const end = await runProgram({ words: [...prefix, 'cat', accountingPath], clock, timeoutMs });
    return end.kind === 'ended' && end.code === 0 ? end.stdout : undefined;
  }

  async function list(query: FlowQuery): ReturnType<Conntrack['list']> {
    const flows: Flow[] = [];
    let more = false;
    let rest = '';
    let foreign = 0;
    const now = clock.now();
    const take = (line: string): void => {
      if (line === '' || more) return;
      const flow = flowOf(line, now);
      if (flow === undefined) foreign += 1;
      else if (flows.length < query.limit) flows.push(flow);
      else more = true;
    };
    const end = await conntrack(['-L', '-p', 'tcp', '-o', 'id,extended', ...filterOf(query)], (chunk) => {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop()!;
      for (const line of lines) take(line);
      if (rest.length > longestLine) throw new ConntrackError('conntrack answered a line that never ends');
      return !more;
    });
    take(rest);
    if (end.kind !== 'enough') answered(end, timeoutMs);
    if (flows.length === 0 && foreign > 0)
      throw new ConntrackError('conntrack answered what is no list of connections');
    return { flows, more };
  }

  return {
    usable: () => usable.ask(),
    async list(query) {
      try {
        return await list(query);
      } catch (error) {
        usable.forget();
        throw error;
      }
    },
    async forget({ family, original }) {
      const end = await conntrack([
        ...['-D', '-f', family, '-p', 'tcp'],
        ...filterOf({
          sourceAddress: original.source,
          sourcePort: original.sourcePort,
          originalAddress: original.destination,
          originalPort: original.destinationPort,
        }),
      ]);
      // Its exit code says that there was nothing, and that it could not, alike.
      const deleted = end.kind === 'ended' ? /(\d+) flow entries have been deleted/.exec(end.stderr) : null;
      if (deleted !== null) return Number(deleted[1]) > 0;
      answered(end, timeoutMs);
      throw new ConntrackError('conntrack did not say what it did');
    },
  };
}

/** @throws ConntrackError: a word that is none would be taken for another option */
function filterOf(query: Omit<FlowQuery, 'limit'>): string[] {
  return [
    ...(query.translated === true ? ['--any-nat'] : []),
    ...addressWords('--orig-dst', query.originalAddress),
    ...portWords('--orig-port-dst', query.originalPort),
    ...addressWords('--orig-src', query.sourceAddress),
    ...portWords('--orig-port-src', query.sourcePort),
  ];
}

function addressWords(option: string, address: string | undefined): string[] {
  if (address === undefined) return [];
  if (isIP(address) === 0 || address.includes('%'))
    throw new ConntrackError(`${JSON.stringify(address.slice(0, 100))} is no address`);
  return [option, address];
}

function portWords(option: string, port: number | undefined): string[] {
  if (port === undefined) return [];
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new ConntrackError(`${port} is no port`);
  return [option, `${port}`];
}

/** @throws ConntrackError with its own words, one line */
function answered(end: ProgramEnd, timeoutMs: number): void {
  switch (end.kind) {
    case 'ended': {
      if (end.code === 0) return;
      const words = end.stderr.split('\n').find((line) => line.trim() !== '');
      if (end.signal !== null) throw new ConntrackError(`conntrack was ended by ${end.signal}`);
      throw new ConntrackError(
        words === undefined
          ? `conntrack ended with ${end.code}`
          : words
              .replace(/^conntrack v[\d.]+ \(conntrack-tools\): /, '')
              .trim()
              .slice(0, 300),
      );
    }
    case 'not-started':
      throw new ConntrackError(
        end.code === 'ENOENT'
          ? 'there is no program conntrack'
          : `conntrack could not be started: ${end.message}`,
      );
    case 'runtime-ends':
      throw new ConntrackError('conntrack did not answer before the runtime ended');
    case 'timeout':
      throw new ConntrackError(`conntrack did not answer within ${timeoutMs / 1_000} s, and was ended`);
    default:
      throw new ConntrackError('conntrack answered too much');
  }
}

function remedyOf(message: string): string | undefined {
  if (/there is no program|failed to execute|exec of .* failed/i.test(message))
    return 'install the package conntrack';
  if (/must be root|not permitted|permission denied/i.test(message)) return netAdmin;
  if (/not supported|can't open|no such file/i.test(message)) return 'modprobe nf_conntrack_netlink';
  return undefined;
}
