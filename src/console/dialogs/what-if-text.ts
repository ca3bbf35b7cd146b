// What is typed into a what-if, as the command line takes it: "default 3", "shop sharded=true tier-", "sharded tier in (a, b)".
// What is wrong with it is said with the place where it is.

import { labelKeyFault, labelValueFault } from '../../domain/label-syntax.ts';
import type { Model, ServerEntity } from '../../domain/model.ts';
import { nearest } from '../../domain/nearest.ts';
import { isSelective, parseSelector, selectorText } from '../../domain/selector.ts';
import { mostInstances } from '../../domain/shape.ts';
import type { WhatIf } from '../../domain/shard-plan.ts';

export const whatIfKinds = ['scale', 'relabel', 'select', 'weight', 'remove', 'reload'] as const;
export type WhatIfKind = (typeof whatIfKinds)[number];

export const whatIfWords: Readonly<
  Record<WhatIfKind, { readonly syntax: string; readonly meaning: string }>
> = {
  scale: { syntax: 'SHARD INSTANCES', meaning: 'add or remove instances' },
  relabel: { syntax: 'ROUTE KEY=VALUE KEY-', meaning: 'set and take away labels of a route' },
  select: { syntax: 'SHARD SELECTOR', meaning: "another selector, in kubectl's words; none takes all" },
  weight: { syntax: 'BACKEND/SERVER WEIGHT', meaning: 'reweight a hashed server' },
  remove: { syntax: 'BACKEND/SERVER', meaning: 'take a hashed server out (maint)' },
  reload: { syntax: '', meaning: "load the configuration's file as it is now" },
};

export type WhatIfParsed =
  | { readonly ok: true; readonly whatIf: WhatIf; readonly title: string }
  /** `at`: where in the text, from 0. */
  | { readonly ok: false; readonly at: number; readonly message: string };

const fault = (at: number, message: string): WhatIfParsed => ({ ok: false, at, message });

const reloaded: WhatIfParsed = {
  ok: true,
  whatIf: { reload: true },
  title: 'the configuration is loaded as it is now',
};

interface Word {
  readonly text: string;
  readonly at: number;
}

function wordsOf(text: string): Word[] {
  return [...text.matchAll(/\S+/g)].map((found) => ({ text: found[0], at: found.index }));
}

export function parseWhatIf(kind: WhatIfKind, text: string, model: Model): WhatIfParsed {
  const words = wordsOf(text);
  const [first = { text: '', at: 0 }, ...rest] = words;
  if (words.length === 0 && kind !== 'reload') return fault(0, `type ${whatIfWords[kind].syntax}`);
  switch (kind) {
    case 'reload':
      return reloaded;
    case 'scale':
      return unknownName(model.shard, first, 'shard') ?? scale(first, rest, model, text.length);
    case 'relabel':
      return unknownName(model.route, first, 'route') ?? relabel(first, rest, text.length);
    case 'select':
      return unknownName(model.shard, first, 'shard') ?? select(first, text, model);
    case 'weight':
    case 'remove':
      return unknownServer(first, model) ?? onServer(kind, first, rest, text.length);
  }
}

function unknownName(
  known: ReadonlyMap<string, unknown>,
  { text, at }: Word,
  what: string,
): WhatIfParsed | undefined {
  if (known.has(text)) return undefined;
  const meant = nearest(text, known.keys());
  return fault(at, `there is no ${what} ${text}${meant === undefined ? '' : `: did you mean ${meant}?`}`);
}

/** Elsewhere than in a hashed backend no client would move: asked about, it would be answered with nothing. */
function unknownServer(word: Word, model: Model): WhatIfParsed | undefined {
  const unknown = unknownName(model.server, word, 'server');
  if (unknown !== undefined) return unknown;
  const server = model.server.get(word.text as ServerEntity['key']);
  const algorithm = model.backend.get(server?.backend ?? '')?.algorithm;
  return algorithm === 'source'
    ? undefined
    : fault(
        word.at,
        `${server?.backend} is ${algorithm}, not source: its clients have no server of their own`,
      );
}

function scale(shard: Word, [amount, more]: readonly Word[], model: Model, end: number): WhatIfParsed {
  if (amount === undefined) return fault(end, 'how many instances?');
  if (more !== undefined) return fault(more.at, 'a shard and a number of instances, no more');
  const entity = model.shard.get(shard.text)!;
  const most = Math.min(mostInstances, entity.steering.tableSize);
  const instances = Number(amount.text);
  if (!/^\d{1,5}$/.test(amount.text) || instances < 1 || instances > most)
    return fault(amount.at, `a whole number from 1 to ${most}, not ${amount.text}`);
  if (instances === entity.instances) return fault(amount.at, `${shard.text} has ${instances} already`);
  return {
    ok: true,
    whatIf: { changes: [{ kind: 'scale', shard: shard.text, instances }] },
    title: `${shard.text} has ${instances} instances`,
  };
}

function relabel(route: Word, labels: readonly Word[], end: number): WhatIfParsed {
  if (labels.length === 0) return fault(end, 'which labels? KEY=VALUE sets one, KEY- takes it away');
  const changes: Record<string, string | null> = {};
  for (const { text, at } of labels) {
    const equals = text.indexOf('=');
    const key = equals >= 0 ? text.slice(0, equals) : text.endsWith('-') ? text.slice(0, -1) : undefined;
    if (key === undefined) return fault(at, `${text} is neither KEY=VALUE nor KEY-`);
    const wrongKey = labelKeyFault(key);
    if (wrongKey !== undefined) return fault(at, wrongKey);
    const value = equals >= 0 ? text.slice(equals + 1) : null;
    const wrongValue = value === null ? undefined : labelValueFault(value);
    if (wrongValue !== undefined) return fault(at + equals + 1, wrongValue);
    if (Object.hasOwn(changes, key)) return fault(at, `${key} is named twice`);
    Object.defineProperty(changes, key, { value, enumerable: true, configurable: true, writable: true });
  }
  return {
    ok: true,
    whatIf: { changes: [{ kind: 'relabel', route: route.text, labels: changes }] },
    title: `${route.text} is labelled ${labels.map(({ text }) => text).join(' ')}`,
  };
}

function select(shard: Word, text: string, model: Model): WhatIfParsed {
  const from = shard.at + shard.text.length;
  const parsed = parseSelector(text.slice(from));
  if (!parsed.ok) return fault(from + parsed.at, parsed.message);
  const { selector } = parsed;
  const words = selectorText(selector);
  if (words === model.shard.get(shard.text)!.routeSelector)
    return fault(text.length, `${shard.text} selects ${words === '' ? 'all routes' : 'that'} already`);
  return {
    ok: true,
    whatIf: {
      changes: [
        { kind: 'select', shard: shard.text, routeSelector: isSelective(selector) ? selector : null },
      ],
    },
    title: `${shard.text} selects ${words === '' ? 'all routes' : words}`,
  };
}

function onServer(
  kind: 'weight' | 'remove',
  server: Word,
  [amount, more]: readonly Word[],
  end: number,
): WhatIfParsed {
  const key = server.text as ServerEntity['key'];
  if (kind === 'remove')
    return amount === undefined
      ? { ok: true, whatIf: { changes: [{ kind, server: key }] }, title: `${key} is taken out` }
      : fault(amount.at, 'a server, no more');
  if (amount === undefined) return fault(end, 'which weight?');
  if (more !== undefined) return fault(more.at, 'a server and a weight, no more');
  const weight = Number(amount.text);
  if (!/^\d{1,3}$/.test(amount.text) || weight > 256)
    return fault(amount.at, `a weight is a whole number from 0 to 256, not ${amount.text}`);
  return {
    ok: true,
    whatIf: { changes: [{ kind, server: key, weight }] },
    title: `${key} has weight ${weight}`,
  };
}

/** What the word under the cursor may become: names first, then keys of labels that are in use. */
export function completionsOf(kind: WhatIfKind, text: string, model: Model): readonly string[] {
  const words = wordsOf(text);
  const begun = /\s$/.test(text) || words.length === 0 ? '' : words.at(-1)!.text;
  const isFirst = words.length === 0 || (words.length === 1 && begun !== '');
  return candidates(kind, isFirst, words, model).filter((each) => each.startsWith(begun) && each !== begun);
}

function candidates(
  kind: WhatIfKind,
  isFirst: boolean,
  words: readonly Word[],
  model: Model,
): readonly string[] {
  if (isFirst)
    switch (kind) {
      case 'scale':
      case 'select':
        return [...model.shard.keys()];
      case 'relabel':
        return [...model.route.keys()];
      case 'weight':
      case 'remove':
        return [...model.server.values()]
          .filter(({ backend }) => model.backend.get(backend)?.algorithm === 'source')
          .map(({ key }) => key);
      case 'reload':
        return [];
    }
  if (kind !== 'relabel' && kind !== 'select') return [];
  const labels = [...model.route.values()].flatMap((route) =>
    Object.entries(route.labels).map(([key, value]) => `${key}=${value}`),
  );
  // Those of the route itself can be taken away.
  const own = kind === 'relabel' ? Object.keys(model.route.get(words[0]?.text ?? '')?.labels ?? {}) : [];
  return [...new Set([...labels, ...own.map((key) => `${key}-`)])].sort();
}

/** The longest beginning that all of them share, in place of the word that was begun. */
export function completed(kind: WhatIfKind, text: string, model: Model): string {
  const found = completionsOf(kind, text, model);
  const [first] = found;
  if (first === undefined) return text;
  let shared = first;
  for (const each of found) while (!each.startsWith(shared)) shared = shared.slice(0, -1);
  const begun = /\s$/.test(text) ? '' : (/\S+$/.exec(text)?.[0] ?? '');
  const whole = text.slice(0, text.length - begun.length) + shared;
  return found.length === 1 ? `${whole} ` : whole;
}
