// The console's copy of the model: follows changes in order and knows when one is missing.

import {
  applyChange,
  type Change,
  type EntityType,
  emptyModel,
  type Model,
  type MutableModel,
} from '../domain/model.ts';
import type { Snapshot } from '../protocol/schemas/entities.ts';

export interface Mirror {
  readonly model: Model;
  /** Undefined before the first snapshot. */
  readonly position: { readonly epoch: string; readonly seq: number } | undefined;
  replace(epoch: string, seq: number, snapshot: Snapshot): void;
  /** Answers those that were new; undefined where one is missing before them: the model is of no use to resume from. */
  follow(changes: readonly Change[]): readonly Change[] | undefined;
  /** The next hello asks for everything. */
  forget(): void;
}

export function createMirror(): Mirror {
  const model: MutableModel = emptyModel();
  let position: { epoch: string; seq: number } | undefined;
  return {
    model,
    get position() {
      return position;
    },
    replace(epoch, seq, snapshot) {
      // The maps stay the same objects: whoever holds the model sees the new one.
      for (const type of Object.keys(model) as EntityType[]) {
        const entities = model[type] as Map<string, unknown>;
        entities.clear();
        for (const [key, value] of snapshot[type]) entities.set(key, value);
      }
      position = { epoch, seq };
    },
    follow(changes) {
      if (!position) return undefined;
      const fresh = changes.filter(({ seq }) => seq > position!.seq);
      for (const change of fresh) {
        if (change.seq !== position.seq + 1) return undefined;
        applyChange(model, change);
        position.seq = change.seq;
      }
      return fresh;
    },
    forget() {
      position = undefined;
    },
  };
}
