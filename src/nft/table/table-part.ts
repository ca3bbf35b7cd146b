// Our own table, `inet sluice`, is made of parts: each says what it wants there, and knows nothing of the others. Names of
// objects begin with the part's, so that they cannot collide.

import type { Expression, Json } from '../json.ts';

export const tableFamily = 'inet';
export const tableName = 'sluice';

export type PartName = 'block' | 'count' | 'steer' | 'service' | 'path';

export interface TablePart {
  readonly counters: readonly { readonly name: string; readonly comment: string }[];
  readonly sets: readonly WishedSet[];
  readonly chains: readonly WishedChain[];
}

export interface WishedSet {
  readonly name: string;
  readonly type: readonly string[];
  /** Of a map: to what. */
  readonly to?: string;
  readonly flags: readonly ('interval' | 'timeout')[];
  /** Each element has its own counter. */
  readonly counted: boolean;
  readonly elements: readonly WishedElement[];
}

export interface WishedElement {
  /** As nft's JSON has it, and unique in the set: "192.0.2.7", { prefix: … }, { concat: … }. */
  readonly value: Json;
  readonly data?: Json;
  readonly comment?: string;
  /** Wall clock at which the kernel lets it go. */
  readonly until?: number;
}

export interface WishedChain {
  readonly name: string;
  readonly base?: {
    readonly type: 'filter' | 'nat';
    readonly hook: 'prerouting' | 'input' | 'forward' | 'output' | 'postrouting';
    readonly priority: number;
  };
  readonly rules: readonly WishedRule[];
}

export interface WishedRule {
  readonly comment?: string;
  readonly expressions: readonly Expression[];
}

export const noPart: TablePart = { counters: [], sets: [], chains: [] };
