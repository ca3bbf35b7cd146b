// YAML or JSON text → its documents as plain values with the lines of their keys. Bounded in size, depth, values and
// aliases, as source.ts is; what Kubernetes writes for itself alone (managedFields) is passed over.

import { isAlias, isMap, isScalar, isSeq, type ParsedNode, parseAllDocuments } from 'yaml';
import { lineStarts, placeOf } from '../line-starts.ts';
import { type Lines, Located } from './located.ts';
import { type Piece, piecesOf } from './pieces.ts';
import type { ReadCache, ReadPiece } from './read-cache.ts';

/** A cluster of some 20,000 routes, as `oc get -o yaml` prints it. */
export const maxBytes = 64 * 1024 * 1024;
/** In one piece; a node of YAML takes some sixty times the room of its text. */
const maxPieceBytes = 8 * 1024 * 1024;
const maxDepth = 64;
const maxValues = 5_000_000;
const maxAliases = 10_000;

export type ReadValues =
  | { readonly ok: true; readonly values: readonly Located[] }
  | { readonly ok: false; readonly line: number; readonly message: string };

class Refused extends Error {
  readonly line: number;
  constructor(line: number, message: string) {
    super(message);
    this.line = line;
  }
}

interface Counts {
  values: number;
  aliases: number;
}

/** @param cache what was read of such texts before */
export function readValues(text: string, file: string, cache?: ReadCache): ReadValues {
  if (Buffer.byteLength(text) > maxBytes)
    return { ok: false, line: 1, message: `the file is larger than ${maxBytes / 1024 / 1024} MiB` };
  try {
    const counts = { values: 0, aliases: 0 };
    const pieces = piecesOf(text);
    try {
      return { ok: true, values: pieces.flatMap((piece) => valuesOf(piece, file, counts, cache)) };
    } catch (error) {
      // An anchor of one entry may be meant in another: then the text is read as a whole.
      if (!(error instanceof Refused) || pieces.length < 2) throw error;
      if (Buffer.byteLength(text) > maxPieceBytes) throw error;
      const whole: Piece = { text, line: 1, listed: false };
      return { ok: true, values: valuesOf(whole, file, { values: 0, aliases: 0 }, cache) };
    }
  } catch (error) {
    if (error instanceof Refused) return { ok: false, line: error.line, message: error.message };
    throw error;
  }
}

function valuesOf({ text, line, listed }: Piece, file: string, counts: Counts, cache?: ReadCache): Located[] {
  const before = line - 1;
  try {
    const { roots, lines } = cache?.read(text, () => parse(text, counts)) ?? parse(text, counts);
    return roots.flatMap((root) => {
      const whole = new Located(root.value, { file, line: before + root.line }, lines, before);
      return listed ? whole.items : [whole];
    });
  } catch (error) {
    throw error instanceof Refused ? new Refused(before + error.line, error.message) : error;
  }
}

function parse(piece: string, counts: Counts): ReadPiece {
  const octets = Buffer.from(piece);
  if (octets.length > maxPieceBytes)
    throw new Refused(1, `there is more than ${maxPieceBytes / 1024 / 1024} MiB in one piece`);
  // A copy: a part of the text would keep the whole file in memory as long as any value of it is used.
  const text = octets.toString('utf8');
  const starts = lineStarts(text);
  const lineOf = (offset: number) => placeOf(starts, Math.min(offset, text.length)).line;
  const documents = parseAllDocuments(text, {
    prettyErrors: false,
    stringKeys: true,
    // Compares each with each: looked for below.
    uniqueKeys: false,
    logLevel: 'error',
  });
  const lines: Lines = new WeakMap();
  const roots = [...documents].flatMap((document) => {
    const [fault] = document.errors;
    if (fault) throw new Refused(lineOf(fault.pos[0]), messageOf(fault.code, fault.message));
    const root = document.contents as ParsedNode | null;
    const value = root && plainOf(root, lines, lineOf, counts);
    // Nothing but comments, or nothing behind the last ---.
    return root === null || value === null ? [] : [{ value, line: lineOf(root.range[0]) }];
  });
  return { roots, lines };
}

function messageOf(code: string, message: string): string {
  if (code === 'RESOURCE_EXHAUSTION') return `values are nested more than ${maxDepth} deep`;
  // yaml quotes the text around the place, which may be a key.
  return `this is not right YAML: ${message.split('\n')[0]!.replace(/: .*/, '')}`;
}

function plainOf(
  root: ParsedNode,
  lines: Lines,
  lineOf: (offset: number) => number,
  counts: { values: number; aliases: number },
): unknown {
  // Read in order, so the anchor that an alias means is the newest one of its name.
  const anchors = new Map<string, ParsedNode>();

  function read(node: ParsedNode | null | undefined, depth: number): unknown {
    if (!node) return null;
    const refuse = (message: string): never => {
      throw new Refused(lineOf(node.range[0]), message);
    };
    if (depth > maxDepth) refuse(`values are nested more than ${maxDepth} deep`);
    if (++counts.values > maxValues) refuse(`the file has more than ${maxValues} values`);
    if (isAlias(node)) {
      if (++counts.aliases > maxAliases) refuse(`the file uses more than ${maxAliases} aliases`);
      const target = anchors.get(node.source);
      return target ? read(target, depth + 1) : refuse('no such anchor stands before this alias');
    }
    if (node.anchor !== undefined) anchors.set(node.anchor, node);
    if (isSeq(node)) {
      const places: Record<string, number> = {};
      const list = node.items.map((item, index) => {
        places[index] = lineOf((item as ParsedNode | null)?.range[0] ?? node.range[0]);
        return read(item as ParsedNode, depth + 1);
      });
      lines.set(list, places);
      return list;
    }
    if (!isMap(node)) return isScalar(node) ? node.value : null;
    const map: Record<string, unknown> = {};
    const places: Record<string, number> = {};
    const merged: unknown[] = [];
    const seen = new Set<string>();
    for (const pair of node.items) {
      const key = pair.key as ParsedNode & { value: unknown };
      const name = String(key.value);
      if (name === '__proto__') refuse('the key __proto__ is not allowed');
      if (seen.has(name)) throw new Refused(lineOf(key.range[0]), 'this key is there twice');
      seen.add(name);
      if (name === 'managedFields') continue;
      const value = read(pair.value as ParsedNode | null, depth + 1);
      if (name === '<<') merged.push(...(Array.isArray(value) ? (value as unknown[]) : [value]));
      else {
        map[name] = value;
        places[name] = lineOf(key.range[0]);
      }
    }
    // YAML 1.1's merge key, which Kubernetes' parser knows: what is written here wins, then the earlier map.
    for (const other of merged)
      if (typeof other === 'object' && other !== null)
        for (const [name, value] of Object.entries(other))
          if (!Object.hasOwn(map, name)) {
            map[name] = value;
            places[name] = lines.get(other)?.[name] ?? lineOf(node.range[0]);
          }
    lines.set(map, places);
    return map;
  }

  return read(root, 0);
}
