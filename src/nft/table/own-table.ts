// Keeps our own table, `inet sluice`, as its parts wish it: each change is one transaction that was checked before, changes
// follow one another, and where one is refused the table is as it was. Nothing else is ever touched.

import type { Event } from '../../domain/event.ts';
import type { KernelEntity } from '../../domain/kernel.ts';
import type { Count, SetElement } from '../ruleset/ruleset.ts';
import type { PartName, TablePart } from './table-part.ts';

export interface OwnTable {
  readonly state: KernelEntity['table'];
  readonly changes: Event<KernelEntity['table']>;
  /**
   * What an earlier runtime left: elements of its sets, by set name. Read once, before the first `set`; the first `set` of each
   * part then goes on from it, so that counters keep their counts and elements their times. Empty where there is nothing.
   */
  found(): Promise<ReadonlyMap<string, readonly SetElement[]>>;
  /** Resolves once the part is in force (a wish without any object takes what the part has away); wishes that come while one is under way replace each other. @throws NftError; nothing changed */
  set(part: PartName, wish: TablePart): Promise<void>;
  /**
   * All that is wished was set: what an earlier runtime left besides goes, in one transaction with what stays. Never rejects;
   * where it fails, `state` says so.
   */
  adopted(): Promise<void>;
  /** Looks whether all of it is there still, as it does now and then by itself, and puts it in force again. Never rejects. */
  look(): Promise<void>;
  /** Of named counters; with those that earlier runtimes counted. Empty where the table is not there. @throws NftError */
  counters(): Promise<ReadonlyMap<string, Count>>;
  /** Elements of one of our sets, with their counters and times. @throws NftError */
  elements(set: string): Promise<readonly SetElement[]>;
  /** `remove`: the table is gone afterwards; `stay`: it holds what it held. No `set` afterwards. @throws NftError */
  close(how: 'remove' | 'stay'): Promise<void>;
}
