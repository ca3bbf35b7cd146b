// Kubernetes label selectors (LabelSelector of its API, apimachinery meta/v1): which routes and namespaces a shard takes.

import { labelKeyFault, labelValueFault } from './label-syntax.ts';

export type Labels = Readonly<Record<string, string>>;

/** All of it must match; an empty one matches everything. */
export interface LabelSelector {
  readonly matchLabels?: Labels;
  readonly matchExpressions?: readonly LabelExpression[];
}

export interface LabelExpression {
  readonly key: string;
  readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
  /** Of In and NotIn, at least one. */
  readonly values?: readonly string[];
}

/** NotIn also matches what has no such label, as in Kubernetes. */
export function selects(selector: LabelSelector | undefined, labels: Labels): boolean {
  if (selector === undefined) return true;
  const { matchLabels, matchExpressions } = selector;
  if (matchLabels !== undefined)
    for (const key of Object.keys(matchLabels)) if (labelOf(labels, key) !== matchLabels[key]) return false;
  return matchExpressions === undefined || matchExpressions.every((expression) => meets(expression, labels));
}

function meets({ key, operator, values = [] }: LabelExpression, labels: Labels): boolean {
  const value = labelOf(labels, key);
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
  }
}

/** "constructor" is a label like any other. */
function labelOf(labels: Labels, key: string): string | undefined {
  return Object.hasOwn(labels, key) ? labels[key] : undefined;
}

/** Does it say anything at all? One that does not selects everything, as if there were none. */
export function isSelective(selector: LabelSelector | undefined): selector is LabelSelector {
  return selector !== undefined && requirements(selector).length > 0;
}

/** "sharded=true,tier in (a, b),!legacy", as kubectl writes it; "" for one that matches everything. */
export function selectorText(selector: LabelSelector | undefined): string {
  return selector === undefined ? '' : requirements(selector).join(',');
}

function requirements({ matchLabels, matchExpressions }: LabelSelector): string[] {
  return [
    ...Object.entries(matchLabels ?? {}).map(([key, value]) => `${key}=${value}`),
    ...(matchExpressions ?? []).map(expressionText),
  ];
}

function expressionText({ key, operator, values = [] }: LabelExpression): string {
  switch (operator) {
    case 'In':
      return `${key} in (${values.join(', ')})`;
    case 'NotIn':
      return values.length === 1 ? `${key}!=${values[0]!}` : `${key} notin (${values.join(', ')})`;
    case 'Exists':
      return key;
    case 'DoesNotExist':
      return `!${key}`;
  }
}

export type ParsedSelector =
  | { readonly ok: true; readonly selector: LabelSelector }
  | { readonly ok: false; readonly message: string; readonly at: number };

/** What kubectl takes: "sharded=true,tier in (a, b),!legacy". `at` is where in the text it is wrong, from 0. */
export function parseSelector(text: string): ParsedSelector {
  try {
    return { ok: true, selector: new SelectorReader(text).selector() };
  } catch (error) {
    if (error instanceof SelectorFault) return { ok: false, message: error.message, at: error.at };
    throw error;
  }
}

class SelectorFault extends Error {
  readonly at: number;
  constructor(message: string, at: number) {
    super(message);
    this.at = at;
  }
}

class SelectorReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  selector(): LabelSelector {
    const labels = new Map<string, string>();
    const expressions: LabelExpression[] = [];
    this.#skipSpace();
    if (!this.#ended())
      do {
        const found = this.#requirement();
        if (!('equals' in found)) expressions.push(found);
        // A label is named once in matchLabels: asking for two values of it is allowed, and matches nothing.
        else if (!labels.has(found.key)) labels.set(found.key, found.equals);
        else if (labels.get(found.key) !== found.equals)
          expressions.push({ key: found.key, operator: 'In', values: [found.equals] });
      } while (this.#took(','));
    if (!this.#ended()) this.#expected('"," or the end');
    return {
      ...(labels.size > 0 && { matchLabels: Object.fromEntries(labels) }),
      ...(expressions.length > 0 && { matchExpressions: expressions }),
    };
  }

  #requirement(): LabelExpression | { readonly key: string; readonly equals: string } {
    if (this.#took('!')) return { key: this.#key(), operator: 'DoesNotExist' };
    const key = this.#key();
    if (this.#took('!=')) return { key, operator: 'NotIn', values: [this.#value()] };
    if (this.#took('==') || this.#took('=')) return { key, equals: this.#value() };
    const at = this.#at;
    const operator = this.#word();
    if (operator === 'in') return { key, operator: 'In', values: this.#values() };
    if (operator === 'notin') return { key, operator: 'NotIn', values: this.#values() };
    this.#at = at;
    if (operator === '' && (this.#ended() || this.#text[at] === ',')) return { key, operator: 'Exists' };
    return this.#expected('"=", "!=", "in", "notin" or ","');
  }

  #key(): string {
    const at = this.#at;
    const key = this.#word();
    if (key === '') this.#expected('the key of a label');
    const fault = labelKeyFault(key);
    if (fault !== undefined) throw new SelectorFault(fault, at);
    return key;
  }

  #value(): string {
    const at = this.#at;
    const value = this.#word();
    const fault = labelValueFault(value);
    if (fault !== undefined) throw new SelectorFault(fault, at);
    return value;
  }

  #values(): string[] {
    if (!this.#took('(')) this.#expected('"("');
    const values: string[] = [];
    do values.push(this.#value());
    while (this.#took(','));
    if (!this.#took(')')) this.#expected('"," or ")"');
    return values;
  }

  /** Up to what no label may hold; "" where there is none. What follows is skipped if it is space. */
  #word(): string {
    const start = this.#at;
    while (!this.#ended() && !/[\s,=!()<>]/.test(this.#text[this.#at]!)) this.#at += 1;
    const word = this.#text.slice(start, this.#at);
    this.#skipSpace();
    return word;
  }

  #took(mark: string): boolean {
    if (!this.#text.startsWith(mark, this.#at)) return false;
    this.#at += mark.length;
    this.#skipSpace();
    return true;
  }

  #skipSpace(): void {
    while (!this.#ended() && /\s/.test(this.#text[this.#at]!)) this.#at += 1;
  }

  #ended(): boolean {
    return this.#at >= this.#text.length;
  }

  #expected(what: string): never {
    throw new SelectorFault(`${what} is expected here`, this.#at);
  }
}
