// Values of servers, TLS modes of routes and the shape of shards, written into the text of a configuration by the smallest
// edit of each. Pure.

import type { Server } from '../domain/plan.ts';
import type { ShapeChange } from '../domain/shape.ts';
import type { Termination } from '../domain/tls.ts';
import { lineStarts, placeOf } from './line-starts.ts';
import { shapeWritten } from './write-back-shape.ts';
import { type Keyed, Refused, type Splice, spliced, valueIn, YamlText } from './yaml-text.ts';

export type WrittenValues = Partial<Pick<Server, 'admin' | 'weight'>>;

export interface ServerValues extends WrittenValues {
  readonly backend: string;
  readonly server: string;
}

export interface RouteValues {
  readonly route: string;
  readonly termination: Termination;
}

export type WrittenBack =
  | { readonly ok: true; readonly text: string }
  /** `line`: where it stands, from 1. */
  | { readonly ok: false; readonly problem: string; readonly line?: number };

export function writeBack(
  text: string,
  values: readonly (ServerValues | RouteValues | ShapeChange)[],
): WrittenBack {
  let written = text;
  try {
    // One after another: what a shape comes to takes several edits, and places are those of the text before.
    for (const wanted of values)
      written =
        'kind' in wanted
          ? shapeWritten(written, wanted)
          : spliced(written, edits(new YamlText(written), wanted));
    return { ok: true, text: written };
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    const line = error.at === undefined ? undefined : placeOf(lineStarts(written), error.at).line;
    return { ok: false, problem: error.message, ...(line !== undefined && { line }) };
  }
}

function edits(yaml: YamlText, wanted: ServerValues | RouteValues): Splice[] {
  const root = yaml.root();
  if ('route' in wanted) {
    const what = `the route ${wanted.route}`;
    const route = yaml.named(valueIn(root, 'routes'), wanted.route, 'the list of routes', what);
    const tls = yaml.map(valueIn(route, 'tls'), `tls of ${what}`);
    return yaml.put(tls, 'termination', wanted.termination, what);
  }
  const { backend, server, admin, weight } = wanted;
  const inBackend: Keyed = yaml.named(
    valueIn(root, 'backends'),
    backend,
    'the list of backends',
    `the backend ${backend}`,
  );
  const what = `the server ${backend}/${server}`;
  const map = yaml.named(valueIn(inBackend, 'servers'), server, `the list of servers of ${backend}`, what);
  return Object.entries({ admin, weight }).flatMap(([key, value]) =>
    value === undefined ? [] : yaml.put(map, key, value, what),
  );
}
