// What is written of shards, labels and selectors on the command line, as values; what is wrong is told with its place. Pure.
import { InvalidArgumentError } from 'commander';
import { labelKeyFault, labelValueFault } from '../../domain/label-syntax.ts';
import type { ServerKey } from '../../domain/plan.ts';
import { isSelective, type LabelSelector, parseSelector } from '../../domain/selector.ts';
import { mostInstances, type ShapeChange } from '../../domain/shape.ts';
import type { ServerChange } from '../../domain/shard-plan.ts';
import { routeArgument, serverKeyArgument, wholeNumberArgument } from '../options.ts';

/** `null` takes a label away. */
export type LabelChanges = Readonly<Record<string, string | null>>;

export const instancesArgument = wholeNumberArgument(1, mostInstances);

export function shardArgument(text: string): string {
  if (!/^[A-Za-z0-9_.:-]{1,200}$/.test(text))
    throw new InvalidArgumentError('Give the name of a shard, as `sluice show shards` lists them.');
  return text;
}

/** As `kubectl label` takes them: "sharded=true", "legacy-". May be given several times. */
export function labelArgument(text: string, before: LabelChanges = {}): LabelChanges {
  const equals = text.indexOf('=');
  if (equals < 0 && !text.endsWith('-'))
    throw new InvalidArgumentError('Write KEY=VALUE to set a label, KEY- to take it away.');
  const key = equals < 0 ? text.slice(0, -1) : text.slice(0, equals);
  const value = equals < 0 ? null : text.slice(equals + 1);
  const wrongKey = labelKeyFault(key);
  if (wrongKey !== undefined) throw new InvalidArgumentError(`The key, before ${mark(equals)}: ${wrongKey}.`);
  const wrongValue = value === null ? undefined : labelValueFault(value);
  if (wrongValue !== undefined) throw new InvalidArgumentError(`The value, behind "=": ${wrongValue}.`);
  if (Object.hasOwn(before, key)) throw new InvalidArgumentError(`${key} is named twice.`);
  return { ...before, [key]: value };
}

function mark(equals: number): string {
  return equals < 0 ? 'the last "-"' : '"="';
}

/** In kubectl's words; "" is null: all routes. */
export function selectorArgument(text: string): LabelSelector | null {
  const parsed = parseSelector(text);
  if (!parsed.ok)
    throw new InvalidArgumentError(
      `At character ${parsed.at + 1}: ${parsed.message}. Write it as kubectl does: sharded=true,tier in (a, b),!legacy.`,
    );
  return isSelective(parsed.selector) ? parsed.selector : null;
}

/** "default=3" */
export function scaleOption(text: string, before: readonly ShapeChange[] = []): readonly ShapeChange[] {
  const { name, rest } = split(text, '=', 'SHARD=INSTANCES, such as default=3');
  return [...before, { kind: 'scale', shard: shardArgument(name), instances: instancesArgument(rest) }];
}

/** "shop:sharded=true,legacy-": neither a label's key nor its value holds a colon, so the last one divides. */
export function relabelOption(text: string, before: readonly ShapeChange[] = []): readonly ShapeChange[] {
  const { name, rest } = split(text, ':', 'ROUTE:KEY=VALUE,KEY-, such as shop:sharded=true');
  const labels = rest.split(',').reduce<LabelChanges>((found, label) => labelArgument(label, found), {});
  return [...before, { kind: 'relabel', route: routeArgument(name), labels }];
}

/** "sharded:tier in (a, b)" */
export function selectOption(text: string, before: readonly ShapeChange[] = []): readonly ShapeChange[] {
  const { name, rest } = split(text, ':', 'SHARD:SELECTOR, such as sharded:sharded=true');
  return [...before, { kind: 'select', shard: shardArgument(name), routeSelector: selectorArgument(rest) }];
}

/** "web/app1=50" */
export function weightOption(text: string, before: readonly ServerChange[] = []): readonly ServerChange[] {
  const { name, rest } = split(text, '=', 'BACKEND/SERVER=WEIGHT, such as web/app1=50');
  const weight = wholeNumberArgument(0, 256)(rest);
  return [...before, { kind: 'weight', server: serverKeyArgument(name), weight }];
}

export function removeOption(text: string, before: readonly ServerChange[] = []): readonly ServerChange[] {
  const server: ServerKey = serverKeyArgument(text);
  return [...before, { kind: 'remove', server }];
}

function split(text: string, at: '=' | ':', form: string): { readonly name: string; readonly rest: string } {
  const place = text.lastIndexOf(at);
  if (place < 1) throw new InvalidArgumentError(`Write it as ${form}.`);
  return { name: text.slice(0, place), rest: text.slice(place + 1) };
}
