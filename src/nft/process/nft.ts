// The nft program: asked and told in JSON over its standard input and output, never through a shell.

import type { Disposer } from '../../domain/event.ts';
import type { Usable } from '../../domain/kernel.ts';
import type { Json, NftCommand } from '../json.ts';

export interface Nft {
  /** Asked once, and again after a while where it could not: both may change under a running process. */
  usable(): Promise<{ readonly read: Usable; readonly change: Usable }>;
  /** `nft -j list …`: the objects of its answer. @throws NftError */
  list(...what: readonly string[]): Promise<readonly Json[]>;
  /** `nft -a list …`: text for people. @throws NftError */
  text(...what: readonly string[]): Promise<string>;
  /** All of it, or nothing. `check` asks only whether it would do. @throws NftError */
  transact(commands: readonly NftCommand[], how?: 'commit' | 'check'): Promise<void>;
  /** `nft -j monitor`: calls back, soon and once for many changes, whenever the ruleset changed; `ended` when it cannot go on. */
  monitor(changed: () => void, ended: (why: string) => void): Disposer;
}

export type NftErrorCode =
  /** There is no program of this name, or it may not be run. */
  | 'missing'
  /** The kernel refuses it to this user. */
  | 'not-permitted'
  /** nft or the kernel say no: a fault of the commands, or a limit. */
  | 'refused'
  /** It did not answer in time, and was ended. Whether the change was made is not known. */
  | 'timeout'
  /** It answered what nobody understands. */
  | 'nonsense';

export class NftError extends Error {
  override readonly name = 'NftError';
  readonly code: NftErrorCode;
  /** `message` is one line with nft's own words, raw. */
  constructor(code: NftErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
