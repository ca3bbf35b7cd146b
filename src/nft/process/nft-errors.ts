// What became of a run of nft, as an error with its own words.

import type { Usable } from '../../domain/kernel.ts';
import { safe } from '../../domain/safe.ts';
import { NftError } from './nft.ts';
import type { ProgramEnd } from './run-program.ts';

/** Answers its standard output. @throws NftError */
export function answerOf(end: ProgramEnd, timeoutMs: number): string {
  switch (end.kind) {
    case 'ended':
      if (end.code === 0) return end.stdout;
      throw faultOf(end.stderr, end.code, end.signal);
    case 'not-started':
      throw notStarted(end.code, end.message);
    case 'timeout':
      throw new NftError('timeout', `nft did not answer within ${timeoutMs / 1_000} s, and was ended`);
    case 'runtime-ends':
      throw new NftError('timeout', 'nft did not answer before the runtime ended');
    case 'too-long':
      throw new NftError('refused', `nft answered more than ${end.limit / 1_048_576} MB`);
    case 'enough':
      return '';
  }
}

function notStarted(code: string, message: string): NftError {
  if (code === 'ENOENT') return new NftError('missing', 'there is no program nft');
  if (code === 'EACCES' || code === 'EPERM')
    return new NftError('missing', `nft may not be run: ${oneLine(message)}`);
  return new NftError('refused', `nft could not be started: ${oneLine(message)}`);
}

function faultOf(stderr: string, code: number | null, signal: string | null): NftError {
  if (signal !== null) return new NftError('nonsense', `nft was ended by ${signal}`);
  const words = wordsOf(stderr);
  if (/operation not permitted|permission denied|you must be root/i.test(words))
    return new NftError('not-permitted', words);
  // What `ip netns exec NAME nft` says where there is no nft.
  if (code === 127 || /exec of "nft" failed|failed to execute|command not found/i.test(words))
    return new NftError('missing', words);
  return new NftError('refused', words === '' ? `nft ended with ${code}` : words);
}

/** Of several errors the first: it is the cause. Places in a text that nobody wrote are left out. */
function wordsOf(stderr: string): string {
  const lines = stderr.split('\n').map((line) => line.trim());
  const first = lines.find((line) => /\bError: /.test(line)) ?? lines.find((line) => line !== '') ?? '';
  return oneLine(
    first.replace(/^(?:internal:\d+:\d+-\d+: |netlink: )?Error: (?:cache initialization failed: )?/, ''),
  );
}

const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim().slice(0, 500);

/** @param doing "read" or "change": what cannot be done */
export function usableOf(error: NftError, doing: string): Exclude<Usable, true> {
  switch (error.code) {
    case 'missing':
      return {
        no: safe(`nftables cannot be ${doing}: ${error.message}`, 300),
        remedy: 'install the package nftables',
      };
    case 'not-permitted':
      return {
        no: safe(`nftables cannot be ${doing}: the kernel says ${quoted(error)}`, 300),
        remedy: netAdmin,
      };
    default:
      return { no: safe(`nftables cannot be ${doing}: ${error.message}`, 300) };
  }
}

const quoted = (error: NftError): string => `"${error.message}"`;

/** nft and conntrack are processes of their own, so a capability must be handed on to them. */
export const netAdmin =
  'run it as root, or give it CAP_NET_ADMIN: AmbientCapabilities=CAP_NET_ADMIN in its systemd unit, or setpriv --inh-caps=+net_admin --ambient-caps=+net_admin';
