// Values of servers, and TLS modes of routes, written into the text of a configuration: only the value's own characters change, or one key is
// added beside the server's others. What several places share is refused, for the others would change with it. Pure.

import { isAlias, isMap, isScalar, isSeq, type ParsedNode, parseDocument, visit, type YAMLMap } from 'yaml';
import type { Server } from '../domain/plan.ts';
import type { Termination } from '../domain/tls.ts';
import { lineStarts, placeOf } from './line-starts.ts';

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

interface Splice {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

/** Thrown and caught in this file alone: the ways to say no are many, and all end the same way. */
class Refused extends Error {
  readonly at: number | undefined;
  constructor(problem: string, at?: number) {
    super(problem);
    this.at = at;
  }
}

type Keyed = YAMLMap<ParsedNode, ParsedNode | null>;

export function writeBack(text: string, values: readonly (ServerValues | RouteValues)[]): WrittenBack {
  const document = parseDocument(text, { prettyErrors: false, stringKeys: true, logLevel: 'error' });
  if (document.errors.length > 0) return { ok: false, problem: 'the file is not right YAML' };
  const aliased = new Set<string>();
  visit(document, { Alias: (_, { source }) => void aliased.add(source) });

  /** What stands there for itself alone. */
  const own = (node: ParsedNode | null | undefined, what: string): ParsedNode => {
    if (!node) throw new Refused(`${what} is not in the file`);
    const [at] = node.range;
    if (isAlias(node))
      throw new Refused(`${what} stands for what &${node.source} marks elsewhere: edit it by hand`, at);
    if (node.anchor !== undefined && aliased.has(node.anchor))
      throw new Refused(`${what} is used in other places too, as *${node.anchor}: edit it by hand`, at);
    return node;
  };
  const mapOf = (node: ParsedNode | null | undefined, what: string): Keyed => {
    const map = own(node, what);
    if (!isMap(map)) throw new Refused(`${what} is not a map`, map.range[0]);
    if (map.has('<<'))
      throw new Refused(`${what} takes over other values by <<: edit it by hand`, map.range[0]);
    return map as Keyed;
  };
  /** The entry of a list whose `name` it is. */
  const named = (list: ParsedNode | null | undefined, name: string, of: string, what: string): Keyed => {
    const seq = own(list, of);
    const found = isSeq(seq) ? (seq.items as ParsedNode[]).find((item) => nameOf(item) === name) : undefined;
    return mapOf(found, what);
  };
  const nameOf = (item: ParsedNode): unknown => {
    const map = isAlias(item) ? item.resolve(document) : item;
    return isMap(map) ? scalarOf(map.get('name', true) as ParsedNode | undefined) : undefined;
  };
  const scalarOf = (node: ParsedNode | null | undefined): unknown => {
    const value = isAlias(node) ? node.resolve(document) : node;
    return isScalar(value) ? value.value : undefined;
  };

  const put = (map: Keyed, key: string, value: string | number, what: string): Splice[] => {
    if (!map.has(key)) return [added(text, map, key, value)];
    const node = valueIn(map, key);
    if (scalarOf(node) === value) return [];
    // An alias here is its own: only this use of it goes.
    if (node && isAlias(node)) return [{ from: node.range[0], to: node.range[1], text: String(value) }];
    return [replaced(text, own(node, `${key} of ${what}`), `${key} of ${what}`, value)];
  };

  try {
    const splices = values.flatMap((wanted): Splice[] => {
      const root = mapOf(document.contents, 'the configuration');
      if ('route' in wanted) {
        const what = `the route ${wanted.route}`;
        const route = named(valueIn(root, 'routes'), wanted.route, 'the list of routes', what);
        const tls = mapOf(valueIn(route, 'tls'), `tls of ${what}`);
        return put(tls, 'termination', wanted.termination, what);
      }
      const { backend, server, admin, weight } = wanted;
      const inBackend = named(
        valueIn(root, 'backends'),
        backend,
        'the list of backends',
        `the backend ${backend}`,
      );
      const what = `the server ${backend}/${server}`;
      const map = named(valueIn(inBackend, 'servers'), server, `the list of servers of ${backend}`, what);
      return Object.entries({ admin, weight }).flatMap(([key, value]) =>
        value === undefined ? [] : put(map, key, value, what),
      );
    });
    return { ok: true, text: spliced(text, splices) };
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    const line = error.at === undefined ? undefined : placeOf(lineStarts(text), error.at).line;
    return { ok: false, problem: error.message, ...(line !== undefined && { line }) };
  }
}

function valueIn(map: Keyed, key: string): ParsedNode | null | undefined {
  return map.items.find((pair) => isScalar(pair.key) && pair.key.value === key)?.value;
}

/** The value alone: quotes, tag, anchor and comment stay. */
function replaced(text: string, node: ParsedNode, what: string, value: string | number): Splice {
  const [from, to] = node.range;
  if (!isScalar(node) || from === to) throw new Refused(`${what} has no single value`, from);
  const quote = /["']/.exec(text[from] ?? '')?.[0] ?? '';
  if (quote === '' && /[|>]/.test(text[from] ?? '')) throw new Refused(`${what} is a block of text`, from);
  return { from, to, text: `${quote}${value}${quote}` };
}

/** Behind the last key: in its braces, or on a line of its own below. */
function added(text: string, map: Keyed, key: string, value: string | number): Splice {
  const last = map.items.at(-1);
  const end = last && (last.value ?? last.key).range[1];
  if (end === undefined) throw new Refused('it has no keys', map.range?.[0]);
  if (map.flow) {
    // As JSON, where the others are.
    const quote = text[last!.key.range[0]] === '"' ? '"' : '';
    const written = typeof value === 'string' ? `${quote}${value}${quote}` : value;
    return { from: end, to: end, text: `, ${quote}${key}${quote}: ${written}` };
  }
  // A tag or an anchor before the first key stands in its column, and the key does not.
  const starts = lineStarts(text);
  const column = Math.min(...map.items.map(({ key: { range } }) => placeOf(starts, range[0]).column));
  const line = `${' '.repeat(column - 1)}${key}: ${value}`;
  // A block of text ends behind its line's end, every other value before it.
  const lineEnd = text.indexOf('\n', text[end - 1] === '\n' ? end - 1 : end);
  const eol = (lineEnd < 0 ? text.includes('\r\n') : text[lineEnd - 1] === '\r') ? '\r\n' : '\n';
  if (lineEnd < 0) return { from: text.length, to: text.length, text: `${eol}${line}` };
  return { from: lineEnd + 1, to: lineEnd + 1, text: `${line}${eol}` };
}

/** None overlaps another; those for one place stand there in their order. */
function spliced(text: string, splices: readonly Splice[]): string {
  let result = '';
  let at = 0;
  for (const { from, to, text: written } of [...splices].sort((a, b) => a.from - b.from)) {
    result += text.slice(at, from) + written;
    at = to;
  }
  return result + text.slice(at);
}
