// Rules in nft's own syntax, made JSON by nft itself: loaded into a network namespace of their own, never into this machine's
// ruleset, and read back. The namespace lasts as long as the process that holds it.
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readlinkSync } from 'node:fs';
import { dirname } from 'node:path';
import { safe } from '../../domain/safe.ts';
import type { Json } from '../../nft/json.ts';
import { NftError } from '../../nft/process/nft.ts';
import { createNft } from '../../nft/process/run-nft.ts';
import { programEnv, runProgram } from '../../nft/process/run-program.ts';
import { CliFailure } from '../failure.ts';
import { systemClock } from '../system-clock.ts';

const timeoutMs = 20_000;

/** @param file where what it includes is looked for; undefined for standard input. @throws CliFailure */
export async function objectsOfText(text: string, file: string | undefined): Promise<readonly Json[]> {
  const root = process.getuid?.() === 0;
  const holder = await held(root);
  const open: number[] = [];
  try {
    const inside = [
      'nsenter',
      ...(root ? [] : [`--user=${namespaceOf(holder, 'user', open)}`, '--preserve-credentials']),
      `--net=${namespaceOf(holder, 'net', open)}`,
      'nft',
    ];
    await load(inside, text, file);
    return await createNft({ command: inside, clock: systemClock }).list('ruleset');
  } catch (error) {
    if (!(error instanceof NftError)) throw error;
    throw new CliFailure('refused', `the rules were not understood: ${safe(error.message, 300)}`, needsNft);
  } finally {
    holder.kill('SIGKILL');
    open.forEach(closeSync);
  }
}

/**
 * Held open, and entered by that: the number of a process that ended may be another's by then, whose namespace is this machine's.
 * @throws CliFailure
 */
function namespaceOf(
  { pid, exitCode, signalCode }: ChildProcess,
  kind: 'user' | 'net',
  open: number[],
): string {
  // Its number is its own until it is waited for, which is not before this function ends.
  if (pid === undefined || exitCode !== null || signalCode !== null) throw gone();
  try {
    const path = `/proc/${pid}/ns/${kind}`;
    if (readlinkSync(path) === readlinkSync(`/proc/self/ns/${kind}`)) throw gone();
    const descriptor = openSync(path, 'r');
    open.push(descriptor);
    return `/proc/${process.pid}/fd/${descriptor}`;
  } catch (error) {
    throw error instanceof CliFailure ? error : gone();
  }
}

const gone = (): CliFailure =>
  new CliFailure('refused', 'the network namespace for rules as text went away', needsNft);

const needsNft =
  'explain JSON instead: where the rules are in force, `nft -j list ruleset | sluice nft explain -`';

/** `cat` in a namespace of its own: when it answers, the namespace is there. @throws CliFailure */
function held(root: boolean): Promise<ChildProcess> {
  const flags = root ? ['-n'] : ['-U', '-r', '-n'];
  return new Promise((resolve, reject) => {
    const child = spawn('unshare', [...flags, 'cat'], { env: programEnv(), stdio: 'pipe' });
    let told = '';
    const fail = (why: string): void => {
      over();
      child.kill('SIGKILL');
      reject(
        new CliFailure(
          'refused',
          `rules as text need a network namespace of their own, and there can be none here: ${safe(why.trim(), 200)}`,
          root ? needsNft : `be root; or ${needsNft}`,
        ),
      );
    };
    const over = systemClock.after(timeoutMs, () => fail('unshare does not answer'));
    child.once('error', (error) => fail(error.message));
    child.once('exit', () => fail(told === '' ? 'unshare ended' : told));
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      if (told.length < 1_000) told += chunk;
    });
    child.stdin.on('error', () => {});
    child.stdout.once('data', () => {
      over();
      child.removeAllListeners('exit');
      resolve(child);
    });
    child.stdin.write('\n');
  });
}

/** @throws CliFailure with nft's own words */
async function load(inside: readonly string[], text: string, file: string | undefined): Promise<void> {
  // What it includes by a relative name lies beside it.
  const words = [...inside, ...(file === undefined ? [] : ['-I', dirname(file)]), '-f', '-'];
  let end = await runProgram({ words, input: text, clock: systemClock, timeoutMs });
  if (end.kind === 'ended' && end.code === 0) return;
  // nft 1.0.6 wants the last thing in a block ended. People write chains on one line.
  const ended = withEndedRules(text);
  if (end.kind === 'ended' && ended !== text)
    end = await runProgram({ words, input: ended, clock: systemClock, timeoutMs });
  if (end.kind === 'ended' && end.code === 0) return;
  const name = file === undefined ? 'standard input' : safe(file);
  if (end.kind === 'not-started')
    throw new CliFailure(
      'refused',
      `${name}: nft cannot be started in a namespace: ${safe(end.message, 200)}`,
      'install the packages nftables and util-linux',
    );
  if (end.kind !== 'ended') throw new CliFailure('refused', `${name}: nft did not answer in time`);
  throw new CliFailure(
    'usage',
    `${name}: nft does not take these rules: ${faults(end.stderr)}`,
    hintFor(end.stderr),
  );
}

function hintFor(stderr: string): string {
  return /interface does not exist|no such device/i.test(stderr)
    ? 'name interfaces with iifname and oifname: iif, oif and netdev chains need one that is there'
    : '`nft -c -f FILE` says more, on a machine whose kernel has all that they use';
}

/** "/dev/stdin:2:5-9: Error: syntax error": line and column, without the file that nobody named. */
function faults(stderr: string): string {
  const lines = stderr.split('\n').filter((line) => line.includes('Error:'));
  const told = lines
    .slice(0, 3)
    .map((line) =>
      line.replace(/^(?:\/dev\/stdin|internal):(\d+):(\d+)-\d+:\s*Error:\s*/, 'line $1, column $2: ').trim(),
    );
  if (lines.length > 3) told.push(`… ${lines.length - 3} more`);
  return safe(told.length === 0 ? stderr.trim().replace(/\s+/g, ' ') : told.join('; '), 500);
}

/** A semicolon before each brace that closes a table, chain or set; lines stay where they are. */
export function withEndedRules(text: string): string {
  const blocks: boolean[] = [];
  let start = 0;
  return text.replace(/"[^"\n]*"|#[^\n]*|[{};\n]/g, (piece, at: number) => {
    if (piece.length > 1) return piece;
    const before = text.slice(start, at);
    start = at + 1;
    if (piece === '{')
      blocks.push(/^\s*(?:add\s+|create\s+)?(?:table|chain|set|map|flowtable)\s/.test(before));
    return piece === '}' && blocks.pop() === true ? ';}' : piece;
  });
}
