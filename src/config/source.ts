// YAML text → plain values, with the place of every key and value. Bounded in size, depth, values and aliases, so that
// no file can make the loader slow or large.

import { isAlias, isMap, isScalar, isSeq, type ParsedNode, parseDocument } from 'yaml';
import { safe } from '../domain/safe.ts';
import { lineStarts, placeOf } from './line-starts.ts';
import { type Finding, type Path, type Problem, pathText, valueText } from './problem.ts';

export const maxBytes = 4 * 1024 * 1024;
const maxDepth = 24;
const maxValues = 500_000;
const maxAliases = 10_000;

export interface Source {
  readonly value: unknown;
  /** What is wrong with the text itself. Values are only worth looking at where `readable`. */
  readonly problems: readonly Problem[];
  readonly readable: boolean;
  /** Looks up the place; what is not there is placed at the nearest thing around it. */
  problem(finding: Finding): Problem;
}

interface Place {
  readonly key?: number;
  readonly value: number;
}

export function readSource(text: string, file: string): Source {
  const starts = lineStarts(text);
  const problems: Problem[] = [];
  const places = new Map<string, Place>();

  const problemAt = (offset: number, finding: Finding, value?: unknown): Problem => {
    const { line, column } = placeOf(starts, Math.min(offset, text.length));
    const shown = valueText(value);
    return {
      file,
      line,
      column,
      path: pathText(finding.path),
      ...(shown === undefined ? {} : { value: shown }),
      message: safe(finding.message, 500),
      ...(finding.remedy === undefined ? {} : { remedy: safe(finding.remedy, 500) }),
    };
  };
  const unreadable = (): Source => ({
    value: undefined,
    problems,
    readable: false,
    problem: (finding) => problemAt(0, finding),
  });

  if (Buffer.byteLength(text) > maxBytes) {
    problems.push(
      problemAt(0, { path: [], message: `the file is larger than ${maxBytes / 1024 / 1024} MiB` }),
    );
    return unreadable();
  }
  const document = parseDocument(text, {
    prettyErrors: false,
    stringKeys: true,
    logLevel: 'error',
    // Found below: the package compares each key with all before it.
    uniqueKeys: false,
  });
  for (const { code, message, pos } of [...document.errors, ...document.warnings]) {
    const plain =
      code === 'RESOURCE_EXHAUSTION'
        ? `values are nested more than ${maxDepth} deep`
        : `this is not right YAML: ${message}`;
    problems.push(problemAt(pos[0], { path: [], message: plain }));
    if (code === 'RESOURCE_EXHAUSTION') return unreadable();
  }
  if (document.errors.length > 0) return unreadable();

  let values = 0;
  let aliases = 0;
  let full = false;
  // The file is read in its order, so the anchor that an alias means is the newest one of its name.
  const anchors = new Map<string, ParsedNode>();

  const refuse = (offset: number, path: Path, message: string): undefined => {
    problems.push(problemAt(offset, { path, message }));
    full = true;
    return undefined;
  };

  /** Values of an alias are placed where its anchor stands: that is where they are written. */
  const read = (node: ParsedNode | null | undefined, path: Path, key?: number): unknown => {
    if (full) return undefined;
    const offset = node?.range[0] ?? key ?? 0;
    if (path.length > maxDepth) return refuse(offset, path, `values are nested more than ${maxDepth} deep`);
    if (++values > maxValues) return refuse(offset, path, `the file has more than ${maxValues} values`);
    places.set(pathText(path), key === undefined ? { value: offset } : { key, value: offset });
    if (!node) return null;
    if (isAlias(node)) {
      if (++aliases > maxAliases)
        return refuse(offset, path, `the file uses more than ${maxAliases} aliases`);
      const target = anchors.get(node.source);
      if (!target) return refuse(offset, path, `no anchor &${node.source} stands before this alias`);
      return read(target, path, key);
    }
    if (node.anchor !== undefined) anchors.set(node.anchor, node);
    if (isSeq(node)) return node.items.map((item, index) => read(item as ParsedNode, [...path, index]));
    if (isMap(node)) {
      const map: Record<string, unknown> = {};
      for (const pair of node.items) {
        const name = String((pair.key as ParsedNode & { value: unknown }).value);
        const keyOffset = (pair.key as ParsedNode).range[0];
        if (name === '__proto__') return refuse(keyOffset, path, 'this key is not allowed');
        if (Object.hasOwn(map, name))
          problems.push(
            problemAt(keyOffset, {
              path: [],
              message: 'this key is there twice',
              remedy: 'keep one of them',
            }),
          );
        map[name] = read(pair.value as ParsedNode | null, [...path, name], keyOffset);
      }
      return map;
    }
    return isScalar(node) ? node.value : null;
  };

  const value = read(document.contents, []);
  if (full) return unreadable();

  return {
    value,
    problems,
    readable: true,
    problem(finding) {
      for (let length = finding.path.length; ; length--) {
        const place = places.get(pathText(finding.path.slice(0, length)));
        if (!place && length > 0) continue;
        const whole = place && length === finding.path.length;
        const offset = (whole && finding.atKey ? place.key : undefined) ?? place?.value ?? 0;
        const found = whole && !finding.atKey ? valueAt(value, finding.path) : undefined;
        return problemAt(offset, finding, found);
      }
    },
  };
}

export function valueAt(value: unknown, path: Path): unknown {
  let found = value;
  for (const step of path) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, step)) return undefined;
    found = (found as Record<string | number, unknown>)[step];
  }
  return found;
}
