// What a table of `sluice show` is made of.
import type { Model } from '../../domain/model.ts';
import type { Sample, SampleTopic } from '../../domain/sample.ts';
import type { Column } from '../table.ts';

export interface Table<T> {
  readonly topic?: SampleTopic;
  readonly rows: (model: Model, sample: Sample | undefined) => readonly T[];
  readonly columns: (now: number) => readonly Column<T>[];
  /** Said instead of an empty table. */
  readonly empty: string;
  /** What can be done about it; said under the table on a terminal. */
  readonly hint?: string;
}
