// The shape of a plan written into the text of a configuration: a shard's number of instances and its routeSelector, a
// route's labels. Label by label and condition by condition, so that what is not changed keeps its place and comments. Pure.

import { isDeepStrictEqual } from 'node:util';
import { isSeq, type ParsedNode, type YAMLSeq } from 'yaml';
import { isSelective, type LabelExpression, type LabelSelector } from '../domain/selector.ts';
import type { ShapeChange } from '../domain/shape.ts';
import { endOf, type Keyed, Refused, type Splice, spliced, valueIn, YamlText } from './yaml-text.ts';
import { yamlValue } from './yaml-value.ts';

/** One edit of the text as the edit before has left it. */
type Step = (yaml: YamlText) => readonly Splice[];

/** @throws Refused */
export function shapeWritten(text: string, change: ShapeChange): string {
  let written = text;
  for (const step of stepsOf(change)) written = spliced(written, step(new YamlText(written)));
  return written;
}

function stepsOf(change: ShapeChange): Step[] {
  if (change.kind === 'relabel') {
    const what = `the route ${change.route}`;
    const route = (yaml: YamlText): Keyed =>
      yaml.named(valueIn(yaml.root(), 'routes'), change.route, 'the list of routes', what);
    return labelSteps(change.labels, 'labels', what, route);
  }
  const what = `the shard ${change.shard}`;
  const shard = (yaml: YamlText): Keyed =>
    yaml.named(valueIn(yaml.root(), 'shards'), change.shard, 'the list of shards', what);
  return change.kind === 'scale'
    ? [(yaml) => yaml.put(shard(yaml), 'instances', change.instances, what)]
    : selectorSteps(change.routeSelector, what, shard);
}

/** What is set comes before what goes: so a map is empty only where all of it has to go, and goes as a whole then. */
function labelSteps(
  labels: Readonly<Record<string, string | null>>,
  key: string,
  what: string,
  within: (yaml: YamlText) => Keyed,
): Step[] {
  const of = `${key} of ${what}`;
  const entries = Object.entries(labels);
  return [
    ...entries.flatMap(([label, value]): Step[] =>
      value === null
        ? []
        : [
            (yaml) => {
              const outer = within(yaml);
              return outer.has(key)
                ? yaml.put(yaml.map(valueIn(outer, key), of), label, value, of)
                : [yaml.add(outer, key, { [label]: value })];
            },
          ],
    ),
    ...entries.flatMap(([label, value]): Step[] =>
      value !== null
        ? []
        : [
            (yaml) => {
              const outer = within(yaml);
              const map = outer.has(key) ? yaml.map(valueIn(outer, key), of) : undefined;
              if (!map?.has(label)) return [];
              return [map.items.length === 1 ? yaml.remove(outer, key, what) : yaml.remove(map, label, of)];
            },
          ],
    ),
  ];
}

function selectorSteps(wanted: LabelSelector | null, what: string, shard: (yaml: YamlText) => Keyed): Step[] {
  const key = 'routeSelector';
  const of = `${key} of ${what}`;
  if (wanted === null || !isSelective(wanted))
    return [(yaml) => (shard(yaml).has(key) ? [yaml.remove(shard(yaml), key, what)] : [])];
  const { matchLabels = {}, matchExpressions = [] } = wanted;
  const selector = (yaml: YamlText): Keyed => yaml.map(valueIn(shard(yaml), key), of);
  const steps: Step[] = [
    (yaml) => {
      const map = shard(yaml);
      return map.has(key) ? [] : [yaml.add(map, key, wanted)];
    },
    ...labelSteps(matchLabels, 'matchLabels', of, selector),
    (yaml) => conditions(yaml, selector(yaml), matchExpressions, of),
    untilNothing((yaml) => goneLabel(yaml, selector(yaml), matchLabels, of)),
  ];
  return steps;
}

/** A step that is done as often as it finds something to do, as one. */
function untilNothing(step: Step): Step {
  return (yaml) => {
    let text = yaml.text;
    for (let edits = step(yaml); edits.length > 0; edits = step(new YamlText(text)))
      text = spliced(text, edits);
    return text === yaml.text ? [] : [{ from: 0, to: yaml.text.length, text }];
  };
}

/** The first label of matchLabels that is not wanted any more. */
function goneLabel(
  yaml: YamlText,
  selector: Keyed,
  wanted: Readonly<Record<string, string>>,
  of: string,
): Splice[] {
  if (!selector.has('matchLabels')) return [];
  const map = yaml.map(valueIn(selector, 'matchLabels'), `matchLabels of ${of}`);
  const gone = map.items
    .map((pair) => String(yaml.scalar(pair.key)))
    .find((label) => !Object.hasOwn(wanted, label));
  if (gone === undefined) return [];
  return [
    map.items.length === 1
      ? yaml.remove(selector, 'matchLabels', of)
      : yaml.remove(map, gone, `matchLabels of ${of}`),
  ];
}

/** Conditions that stay at the list's beginning and end keep what they have; those between are written anew. */
function conditions(
  yaml: YamlText,
  selector: Keyed,
  wanted: readonly LabelExpression[],
  of: string,
): readonly Splice[] {
  const key = 'matchExpressions';
  const node = valueIn(selector, key);
  if (!selector.has(key)) return wanted.length === 0 ? [] : [yaml.add(selector, key, wanted)];
  const list = yaml.own(node, `${key} of ${of}`);
  if (!isSeq(list)) throw new Refused(`${key} of ${of} is not a list`, list.range[0]);
  const present = yaml.plain(list) as unknown[];
  if (isDeepStrictEqual(present, wanted)) return [];
  if (wanted.length === 0) return [yaml.remove(selector, key, of)];
  if (list.flow)
    return [{ from: list.range[0], to: list.range[1], text: yamlValue(wanted, yaml.isJson(selector)) }];
  return [middle(yaml, list as YAMLSeq<ParsedNode>, present, wanted, `${key} of ${of}`)];
}

function middle(
  yaml: YamlText,
  list: YAMLSeq<ParsedNode>,
  present: readonly unknown[],
  wanted: readonly LabelExpression[],
  what: string,
): Splice {
  const least = Math.min(present.length, wanted.length);
  let start = 0;
  while (start < least && isDeepStrictEqual(present[start], wanted[start])) start++;
  let tail = 0;
  while (tail < least - start && isDeepStrictEqual(present.at(-1 - tail), wanted.at(-1 - tail))) tail++;
  const starts = list.items.map((item) => {
    const line = yaml.startOfLine(yaml.own(item, what).range[0]);
    const dash = /^[ ]*- /.exec(yaml.text.slice(line))?.[0];
    if (dash === undefined)
      throw new Refused(`${what} is laid out in a way that cannot be edited`, item.range[0]);
    return { line, dash };
  });
  const behind = (index: number): number => yaml.behindLine(endOf(list.items[index]!));
  const from = start < starts.length ? starts[start]!.line : behind(starts.length - 1);
  const end = present.length - tail;
  const lines = wanted
    .slice(start, wanted.length - tail)
    .map((expression) => `${starts[0]!.dash}${yamlValue(expression)}`);
  return yaml.insertLines(from, lines, end > start ? behind(end - 1) : from);
}
