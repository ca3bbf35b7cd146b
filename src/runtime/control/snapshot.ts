// The model as one document.

import type { Model } from '../../domain/model.ts';

export type SnapshotEntries = { readonly [T in keyof Model]: readonly (readonly [string, unknown])[] };

export function snapshotOf(model: Model): SnapshotEntries {
  return {
    runtime: [...model.runtime],
    shard: [...model.shard],
    instance: [...model.instance],
    bind: [...model.bind],
    backend: [...model.backend],
    server: [...model.server],
    route: [...model.route],
    certificate: [...model.certificate],
    drain: [...model.drain],
    switch: [...model.switch],
    drift: [...model.drift],
    kernel: [...model.kernel],
    block: [...model.block],
    journal: [...model.journal],
  };
}
