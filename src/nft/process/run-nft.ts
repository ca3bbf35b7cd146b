// The nft program, a process for each question or change.

import type { Clock } from '../../domain/clock.ts';
import type { Json, NftCommand } from '../json.ts';
import { tableFamily, tableName } from '../table/table-part.ts';
import type { LastWord } from './last-word.ts';
import { monitorNft } from './monitor-nft.ts';
import { type Nft, NftError, type NftErrorCode } from './nft.ts';
import { answerOf, usableOf } from './nft-errors.ts';
import { runProgram } from './run-program.ts';
import { askedAgain } from './usable-again.ts';
import { unreadableText } from './well-formed.ts';

export interface NftOptions {
  /** Default: ["nft"]. For tests: ["ip", "netns", "exec", NAME, "nft"]. */
  readonly command?: readonly string[];
  readonly clock: Clock;
  /** Of one question about what others own, which may be large. Default: 20 s. */
  readonly timeoutMs?: number;
  /** Of a change, and of what else our own table waits for. Default: 5 s, and no longer than `timeoutMs`. */
  readonly ownTimeoutMs?: number;
  readonly lastWord?: LastWord;
}

/** How often a list is asked for anew that a change at the same time spoilt. */
const tries = 4;

export function createNft(options: NftOptions): Nft {
  const { command = ['nft'], clock, timeoutMs: longestMs = 20_000, lastWord } = options;
  const { ownTimeoutMs = Math.min(longestMs, 5_000) } = options;

  async function ask(words: readonly string[], input?: string): Promise<string> {
    const timeoutMs = isOfOthers(words) ? longestMs : ownTimeoutMs;
    let end: Awaited<ReturnType<typeof runProgram>>;
    try {
      end = await runProgram({
        words: [...command, ...words],
        clock,
        timeoutMs,
        ...(lastWord && { lastWord }),
        ...(input !== undefined && { input }),
      });
    } catch (error) {
      throw new NftError('refused', `nft cannot be told: ${(error as Error).message}`, { cause: error });
    }
    return answerOf(end, timeoutMs);
  }

  const usable = askedAgain(
    clock,
    async () => {
      const read = await ask(['-j', 'list', 'tables']).then(() => true as const, asNftError);
      if (read !== true) return { read: usableOf(read, 'read'), change: usableOf(read, 'changed') };
      const change = await transact([{ add: { table: probed } }], 'check').then(
        () => true as const,
        asNftError,
      );
      return { read, change: change === true ? change : usableOf(change, 'changed') };
    },
    ({ read, change }) => read === true && change === true,
  );

  async function list(what: readonly string[]): Promise<readonly Json[]> {
    for (let left = tries; ; left -= 1) {
      try {
        return objectsOf(await ask(['-j', 'list', ...what]));
      } catch (error) {
        if (left <= 1 || !isPassing(error)) throw seen(error);
      }
    }
  }

  async function transact(
    commands: readonly NftCommand[],
    how: 'commit' | 'check' = 'commit',
  ): Promise<void> {
    // It would answer nothing else than that there is nothing to do.
    if (commands.length === 0) return;
    const unreadable = unreadableText(commands as readonly Json[]);
    if (unreadable !== undefined)
      throw new NftError('refused', `nft cannot read ${JSON.stringify(unreadable).slice(0, 200)}`);
    const text = JSON.stringify({ nftables: [{ metainfo: { json_schema_version: 1 } }, ...commands] });
    await ask([...(how === 'check' ? ['-c'] : []), '-j', '-f', '-'], text);
  }

  /** What was believed of it may hold no longer. */
  function seen(error: unknown): unknown {
    if (error instanceof NftError && unusable.has(error.code)) usable.forget();
    return error;
  }

  return {
    usable: () => usable.ask(),
    list: (...what) => list(what),
    async text(...what) {
      try {
        return await ask(['-a', 'list', ...what]);
      } catch (error) {
        throw seen(error);
      }
    },
    async transact(commands, how) {
      try {
        await transact(commands, how);
      } catch (error) {
        throw seen(error);
      }
    },
    monitor: (changed, ended) => monitorNft({ command, clock }, changed, ended),
  };
}

const unusable: ReadonlySet<NftErrorCode> = new Set(['missing', 'not-permitted', 'timeout']);

/** Who waits for the others may be a drain, or a reload. */
function isOfOthers(words: readonly string[]): boolean {
  return words[1] === 'list' && words[2] !== 'tables' && !words.includes(tableName);
}

/** Never made: only asked whether it could be. */
const probed = { family: tableFamily, name: tableName };

function asNftError(error: unknown): NftError {
  if (error instanceof NftError) return error;
  throw error;
}

/** A change came in between, or the kernel's queue was full: it is another matter in a moment. */
function isPassing(error: unknown): boolean {
  return (
    error instanceof NftError &&
    (error.code === 'nonsense' ||
      /interrupted system call|resource (?:temporarily unavailable|busy)|no buffer space/i.test(
        error.message,
      ))
  );
}

/** @throws NftError */
function objectsOf(text: string): readonly Json[] {
  let answer: Json;
  try {
    answer = JSON.parse(text) as Json;
  } catch (error) {
    throw new NftError('nonsense', `nft answered what is no JSON: ${(error as Error).message.slice(0, 200)}`);
  }
  const objects =
    answer !== null && typeof answer === 'object' && 'nftables' in answer ? answer.nftables : undefined;
  if (!Array.isArray(objects)) throw new NftError('nonsense', 'nft answered JSON without a list "nftables"');
  return objects as readonly Json[];
}
