// A YAML text that is edited by the places of its nodes: only a value's own characters change, or one key comes or goes.
// What several places share is refused, for the others would change with it. Pure.

import {
  isAlias,
  isCollection,
  isMap,
  isScalar,
  isSeq,
  type ParsedNode,
  parseDocument,
  visit,
  type YAMLMap,
} from 'yaml';
import { lineStarts, placeOf } from './line-starts.ts';
import { yamlValue } from './yaml-value.ts';

export interface Splice {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

/** Why it is not edited. `at`: where, in UTF-16 units. */
export class Refused extends Error {
  readonly at: number | undefined;
  constructor(problem: string, at?: number) {
    super(problem);
    this.at = at;
  }
}

export type Node = ParsedNode | null | undefined;
export type Keyed = YAMLMap<ParsedNode, ParsedNode | null>;

export class YamlText {
  readonly text: string;
  readonly #document;
  readonly #aliased = new Set<string>();
  readonly #starts: readonly number[];

  /** @throws Refused */
  constructor(text: string) {
    this.text = text;
    this.#document = parseDocument(text, { prettyErrors: false, stringKeys: true, logLevel: 'error' });
    if (this.#document.errors.length > 0) throw new Refused('the file is not right YAML');
    visit(this.#document, { Alias: (_, { source }) => void this.#aliased.add(source) });
    this.#starts = lineStarts(text);
  }

  root(): Keyed {
    return this.map(this.#document.contents, 'the configuration');
  }

  /** What stands there for itself alone. */
  own(node: Node, what: string): ParsedNode {
    if (!node) throw new Refused(`${what} is not in the file`);
    const [at] = node.range;
    if (isAlias(node))
      throw new Refused(`${what} stands for what &${node.source} marks elsewhere: edit it by hand`, at);
    if (node.anchor !== undefined && this.#aliased.has(node.anchor))
      throw new Refused(`${what} is used in other places too, as *${node.anchor}: edit it by hand`, at);
    return node;
  }

  map(node: Node, what: string): Keyed {
    const map = this.own(node, what);
    if (!isMap(map)) throw new Refused(`${what} is not a map`, map.range[0]);
    if (map.has('<<'))
      throw new Refused(`${what} takes over other values by <<: edit it by hand`, map.range[0]);
    return map as Keyed;
  }

  /** The entry of a list whose `name` it is. */
  named(list: Node, name: string, of: string, what: string): Keyed {
    const seq = this.own(list, of);
    const found = isSeq(seq)
      ? (seq.items as ParsedNode[]).find((item) => this.#nameOf(item) === name)
      : undefined;
    return this.map(found, what);
  }

  #nameOf(item: ParsedNode): unknown {
    const map = isAlias(item) ? item.resolve(this.#document) : item;
    return isMap(map) ? this.scalar(map.get('name', true) as Node) : undefined;
  }

  scalar(node: Node): unknown {
    const value = isAlias(node) ? node.resolve(this.#document) : node;
    return isScalar(value) ? value.value : undefined;
  }

  /** Plain values of what stands there. */
  plain(node: Node): unknown {
    return node ? node.toJS(this.#document) : undefined;
  }

  /** A key's single value, whether it is there already or not. Nothing where it is the same. */
  put(map: Keyed, key: string, value: string | number, what: string): Splice[] {
    if (!map.has(key)) return [this.add(map, key, value)];
    const node = valueIn(map, key);
    if (this.scalar(node) === value) return [];
    // An alias here is its own: only this use of it goes.
    if (node && isAlias(node)) return [{ from: node.range[0], to: node.range[1], text: yamlValue(value) }];
    return [this.#replaceScalar(this.own(node, `${key} of ${what}`), `${key} of ${what}`, value)];
  }

  /** The value alone: quotes, tag, anchor and comment stay. */
  #replaceScalar(node: ParsedNode, what: string, value: string | number): Splice {
    const [from, to] = node.range;
    if (!isScalar(node) || from === to) throw new Refused(`${what} has no single value`, from);
    const quote = /["']/.exec(this.text[from] ?? '')?.[0] ?? '';
    if (quote === '' && /[|>]/.test(this.text[from] ?? ''))
      throw new Refused(`${what} is a block of text`, from);
    return { from, to, text: quote === '' ? yamlValue(value) : `${quote}${value}${quote}` };
  }

  /** A key that is not there: behind the last one, in its braces, or on a line of its own below. */
  add(map: Keyed, key: string, value: unknown): Splice {
    const last = map.items.at(-1);
    if (map.flow) {
      if (!last) {
        const [from, to] = map.range!;
        return { from, to, text: yamlValue({ [key]: value }, this.isJson(map)) };
      }
      // As JSON, where the others are.
      const json = this.isJson(map);
      const end = endOf(last.value ?? last.key);
      return {
        from: end,
        to: end,
        text: `, ${json ? JSON.stringify(key) : yamlValue(key)}: ${yamlValue(value, json)}`,
      };
    }
    if (!last) throw new Refused('it has no keys', map.range?.[0]);
    // A tag or an anchor before the first key stands in its column, and the key does not.
    const column = Math.min(...map.items.map(({ key: { range } }) => placeOf(this.#starts, range[0]).column));
    const line = `${' '.repeat(column - 1)}${yamlValue(key)}: ${yamlValue(value)}`;
    return this.insertLines(this.behindLine(endOf(last.value ?? last.key)), [line]);
  }

  isJson(map: Keyed): boolean {
    const [first = this.root().items[0]] = map.items;
    return first !== undefined && this.text[first.key.range[0]] === '"';
  }

  /** A key with all that belongs to it. */
  remove(map: Keyed, key: string, what: string): Splice {
    const index = map.items.findIndex((pair) => isScalar(pair.key) && pair.key.value === key);
    const pair = map.items[index];
    if (!pair) throw new Refused(`${key} of ${what} is not in the file`, map.range?.[0]);
    this.#unshared(pair.key, `${key} of ${what}`);
    if (pair.value) this.#unshared(pair.value, `${key} of ${what}`);
    const [from] = pair.key.range;
    const end = endOf(pair.value ?? pair.key);
    const [before, next] = [map.items[index - 1], map.items[index + 1]];
    if (map.flow) {
      if (next) return { from, to: next.key.range[0], text: '' };
      return { from: before ? endOf(before.value ?? before.key) : from, to: end, text: '' };
    }
    const start = this.startOfLine(from);
    if (this.text.slice(start, from).trim() === '')
      return { from: start, to: this.behindLine(end), text: '' };
    // Behind the dash of a list: the next key takes its place.
    if (!next || this.text.slice(end, next.key.range[0]).trim() !== '')
      throw new Refused(`${key} of ${what} stands where it cannot be taken out: edit it by hand`, from);
    return { from, to: next.key.range[0], text: '' };
  }

  /** Nothing in it is what an alias elsewhere means. */
  #unshared(node: ParsedNode, what: string): void {
    visit(node, {
      Node: (_, inner) => {
        if (!isAlias(inner) && inner.anchor !== undefined && this.#aliased.has(inner.anchor))
          throw new Refused(
            `${what} is used in other places too, as *${inner.anchor}: edit it by hand`,
            inner.range?.[0],
          );
      },
    });
  }

  startOfLine(at: number): number {
    return this.text.lastIndexOf('\n', at - 1) + 1;
  }

  /** Where the line after the one that ends this value begins. */
  behindLine(end: number): number {
    // A block of text ends behind its line's end, every other value before it.
    const found = this.text.indexOf('\n', this.text[end - 1] === '\n' ? end - 1 : end);
    return found < 0 ? this.text.length : found + 1;
  }

  /** Whole lines, before the one that begins at `at`, or at the end of the text. */
  insertLines(at: number, lines: readonly string[], to: number = at): Splice {
    const endsLine = at === 0 || this.text[at - 1] === '\n';
    const crlf = endsLine && at > 0 ? this.text[at - 2] === '\r' : this.text.includes('\r\n');
    const eol = crlf ? '\r\n' : '\n';
    return endsLine
      ? { from: at, to, text: lines.map((line) => `${line}${eol}`).join('') }
      : { from: at, to, text: lines.map((line) => `${eol}${line}`).join('') };
  }
}

export function valueIn(map: Keyed, key: string): Node {
  return map.items.find((pair) => isScalar(pair.key) && pair.key.value === key)?.value;
}

/** Of what is written, without the comments and line ends that YAML counts to a block. */
export function endOf(node: ParsedNode): number {
  if (!isCollection(node) || node.flow) return node.range[1];
  const last = node.items.at(-1) as
    | ParsedNode
    | { key: ParsedNode; value: ParsedNode | null }
    | null
    | undefined;
  if (!last) return node.range[1];
  return endOf('key' in last ? (last.value ?? last.key) : last);
}

/** None overlaps another; those for one place stand there in their order. */
export function spliced(text: string, splices: readonly Splice[]): string {
  let result = '';
  let at = 0;
  for (const { from, to, text: written } of [...splices].sort((a, b) => a.from - b.from)) {
    result += text.slice(at, from) + written;
    at = to;
  }
  return result + text.slice(at);
}
