// How shards, their instances and what is spread over them look: signs, words, and bars that show imbalance without colour.

import { type Evenness, evenness } from '../domain/evenness.ts';
import type { InstanceEntity, RouteEntity, ShardEntity } from '../domain/model.ts';
import type { InstanceRates } from '../domain/sample.ts';
import { about, duration } from './format.ts';
import type { Span, Tone } from './frame.ts';
import { muted, span } from './spans.ts';
import { widthOf } from './text.ts';
import type { View } from './view.ts';

/** What is wrong with how routes and shards meet. Each list in the configuration's order. */
export interface RouteTroubles {
  /** Served by no shard, because none selects them. */
  readonly orphaned: readonly RouteEntity[];
  /** Selected by some shard, and refused by each that selects them. */
  readonly refused: readonly RouteEntity[];
  /** Served by several. */
  readonly doubly: readonly RouteEntity[];
}

export type RouteTrouble = keyof RouteTroubles;

/** Two OpenShift routers may serve a route both, and somebody may want it so: worth a look, not an alarm. */
export const troubleLooks: Readonly<
  Record<RouteTrouble, { readonly sign: string; readonly tone: Tone; readonly words: string }>
> = {
  orphaned: { sign: '▼', tone: 'bad', words: 'served by no shard' },
  refused: { sign: '▼', tone: 'bad', words: 'refused' },
  doubly: { sign: '▲', tone: 'warning', words: 'served twice' },
};

export function troubleOfRoute({ shards }: RouteEntity): RouteTrouble | undefined {
  const served = shards.filter(({ admitted }) => admitted).length;
  if (shards.length === 0) return 'orphaned';
  if (served === 0) return 'refused';
  return served > 1 ? 'doubly' : undefined;
}

const found = new WeakMap<View, RouteTroubles>();

/** Nothing is said of routes where no shard is known: a runtime that tells of none has none. */
export function routeTroubles(view: View): RouteTroubles {
  const known = found.get(view);
  if (known !== undefined) return known;
  const routes = view.model.shard.size === 0 ? [] : [...view.model.route.values()];
  const of = (trouble: RouteTrouble) => routes.filter((route) => troubleOfRoute(route) === trouble);
  const troubles = { orphaned: of('orphaned'), refused: of('refused'), doubly: of('doubly') };
  found.set(view, troubles);
  return troubles;
}

/** "default", "▲ default sharded" or in few cells "▲ twice", "▼ none": who serves it. */
export function servedBySpans(route: RouteEntity, width = Number.POSITIVE_INFINITY): Span[] {
  const served = route.shards.filter(({ admitted }) => admitted).map(({ shard }) => shard);
  const trouble = troubleOfRoute(route);
  if (trouble === undefined) return [span(served.join(' '))];
  const { sign, tone } = troubleLooks[trouble];
  const all = served.join(' ');
  const twice = widthOf(all) + 2 <= width ? all : served.length === 2 ? 'twice' : `${served.length} times`;
  const words = trouble === 'doubly' ? twice : trouble === 'orphaned' ? 'none' : 'refused';
  return [span(`${sign} `, tone), span(words, tone, true)];
}

/** As kubectl shows them, in their order. */
export function labelsText({ labels }: Pick<RouteEntity, 'labels'>): string {
  const entries = Object.entries(labels);
  return entries.length === 0 ? 'no labels' : entries.map(([key, value]) => `${key}=${value}`).join(' ');
}

/** Number k of "SHARD/k"; names of other kinds come last. */
function numberOf({ name }: InstanceEntity): number {
  const number = Number(name.slice(name.lastIndexOf('/') + 1));
  return Number.isInteger(number) ? number : Number.MAX_SAFE_INTEGER;
}

/** By number; those that leave after their successors. */
export function instancesOf({ model }: View, shard: string): InstanceEntity[] {
  return [...model.instance.values()]
    .filter((instance) => instance.shard === shard)
    .sort(
      (a, b) =>
        numberOf(a) - numberOf(b) ||
        Number(a.state === 'leaving') - Number(b.state === 'leaving') ||
        a.startedAt - b.startedAt,
    );
}

export function instanceLook({ state, crashes }: InstanceEntity): { sign: string; tone: Tone } {
  switch (state) {
    case 'serving':
      return crashes > 1 ? { sign: '▲', tone: 'warning' } : { sign: '●', tone: 'good' };
    case 'starting':
      return { sign: '?', tone: 'unknown' };
    case 'leaving':
      return { sign: '◐', tone: 'drain' };
    case 'gone':
      return { sign: '▼', tone: 'bad' };
  }
}

/** "● serving", "◐ leaving 4:02", "▼ crashed 4×, starts in 3 s"; in few cells "▼ crash 4×, 3 s". */
export function instanceStateSpan(
  instance: InstanceEntity,
  now: number,
  width = Number.POSITIVE_INFINITY,
): Span {
  const { sign, tone } = instanceLook(instance);
  const [long, short] = stateWords(instance, now);
  return span(`${sign} ${widthOf(long) + 2 <= width ? long : short}`, tone);
}

function stateWords(
  { state, crashes, retryAt, leaveBy }: InstanceEntity,
  now: number,
): readonly [long: string, short: string] {
  const short = crashes > 0 ? `crash ${crashes}×` : '';
  const long = crashes > 0 ? `crashed ${crashes}×` : '';
  switch (state) {
    case 'serving':
      return crashes > 1 ? [`serving, ${long}`, `● ${short}`] : ['serving', 'serving'];
    case 'starting':
      return long === '' ? ['starting', 'starting'] : [`starting, ${long}`, `start ${short}`];
    case 'leaving': {
      const left = leaveBy === undefined ? '' : ` ${duration(leaveBy - now)}`;
      return [`leaving${left}`, `leaving${left}`];
    }
    case 'gone': {
      if (retryAt === undefined) return [long || 'gone', short || 'gone'];
      const next = about(Math.max(0, retryAt - now));
      return [`${long || 'gone'}, starts in ${next}`, `${short || 'gone'}, ${next}`];
    }
  }
}

export interface ShardLoad {
  readonly shard: ShardEntity;
  readonly instances: readonly InstanceEntity[];
  /** Those that new clients are steered to. */
  readonly serving: readonly InstanceEntity[];
  /** Undefined while nothing is known of its instances. */
  readonly sums:
    | {
        readonly clients: number;
        readonly connections: number;
        readonly requests: number | null;
      }
    | undefined;
  /** Of clients over the instances that serve; undefined with fewer than two. */
  readonly even: Evenness | undefined;
  /** An instance came while others were there: clients stay where their connections are, so it fills slowly. */
  readonly settling: boolean;
  readonly uneven: boolean;
}

const loads = new WeakMap<View, ReadonlyMap<string, ShardLoad>>();

export function shardLoads(view: View): ReadonlyMap<string, ShardLoad> {
  const known = loads.get(view);
  if (known !== undefined) return known;
  const made = new Map([...view.model.shard.values()].map((shard) => [shard.name, loadOf(view, shard)]));
  loads.set(view, made);
  return made;
}

function loadOf(view: View, shard: ShardEntity): ShardLoad {
  const instances = instancesOf(view, shard.name);
  const serving = instances.filter(({ state }) => state === 'serving');
  const ratesOf = (list: readonly InstanceEntity[]) =>
    list.flatMap(({ id }) => view.traffic.instances.get(id) ?? []);
  const rates = ratesOf(instances);
  const steered = ratesOf(serving);
  const even =
    serving.length < 2 || steered.length < serving.length
      ? undefined
      : evenness(steered.map(({ clients }) => clients));
  const settling = isSettling(serving, view.now);
  return {
    shard,
    instances,
    serving,
    sums: rates.length === 0 ? undefined : sumsOf(rates),
    even,
    settling,
    uneven: !settling && isUneven(even),
  };
}

const settlesMs = 5 * 60_000;
const startTogetherMs = 5_000;

export function isSettling(serving: readonly InstanceEntity[], now: number): boolean {
  return now - Math.max(...serving.map(({ startedAt }) => startedAt)) < settlesMs && cameApart(serving);
}

/** Not all with the plan: who was there before has connections that belong to a newcomer. */
export function cameApart(serving: readonly InstanceEntity[]): boolean {
  const starts = serving.map(({ startedAt }) => startedAt);
  return Math.max(...starts) - Math.min(...starts) > startTogetherMs;
}

function sumsOf(rates: readonly InstanceRates[]): NonNullable<ShardLoad['sums']> {
  const sum = (value: (rates: InstanceRates) => number) => rates.reduce((all, each) => all + value(each), 0);
  return {
    clients: sum(({ clients }) => clients),
    connections: sum(({ connections }) => connections),
    // One that has only begun has no rate yet: the others' are known all the same.
    requests: rates.every(({ requests }) => requests === null) ? null : sum(({ requests }) => requests ?? 0),
  };
}

/**
 * Beyond what chance would do, far enough to be no accident: three times its excess, and a twentieth more. Of 2,000 sets of 119
 * to 250 clients two have that by chance; twice its excess would be 40 of them.
 */
export function isUneven(even: Evenness | undefined): boolean {
  return even !== undefined && even.maxOverMean - 1 > 3 * (even.chance - 1) + 0.05;
}

/** "evenness 1.04 (chance 1.05)": the fullest against the mean, and what chance alone would make of it. */
export function evennessSpans(even: Evenness | undefined, settling = false): Span[] {
  if (even === undefined) return [];
  const uneven = isUneven(even) && !settling;
  return [
    ...(uneven ? [span('▲ uneven ', 'warning', true)] : [muted(settling ? 'settling ' : 'evenness ')]),
    span(even.maxOverMean.toFixed(2), uneven ? 'warning' : 'text', uneven),
    muted(` (chance ${even.chance.toFixed(2)})`),
  ];
}

/** Half of the mean more than the mean has room, so that an even spread is a straight edge at two thirds. */
export function spreadScale(values: readonly number[]): { readonly mean: number; readonly most: number } {
  const mean = values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
  return { mean, most: Math.max(1.5 * mean, ...values) };
}

/**
 * Solid up to the mean; what is missing to it, and what goes beyond it, have shapes of their own: whether bars are even is
 * seen without reading a number, and without colours.
 */
export function spreadBar(
  value: number | undefined,
  { mean, most }: { readonly mean: number; readonly most: number },
  width: number,
  uneven: boolean,
): Span[] {
  if (value === undefined || most <= 0) return [];
  const cells = (amount: number) => Math.round((Math.min(amount, most) / most) * width);
  const at = cells(value);
  const middle = cells(mean);
  return [
    { text: '█'.repeat(Math.min(at, middle)), tone: 'bar' },
    { text: '▓'.repeat(Math.max(0, at - middle)), tone: uneven ? 'warning' : 'bar' },
    { text: '░'.repeat(Math.max(0, middle - at)), tone: 'border' },
  ];
}

/** What a shard takes, in kubectl's words; a default shard what no other one takes. */
export function selectionText({ routeSelector, namespaceSelector, isDefault }: ShardEntity): string {
  const parts = [
    routeSelector,
    namespaceSelector === '' ? '' : `namespaces ${namespaceSelector}`,
    isDefault ? 'what no other takes' : '',
  ].filter((part) => part !== '');
  return parts.length === 0 ? 'all routes' : parts.join(', ');
}

/** "default ≠": what runs is not what the configuration says. */
export function isReshaped(shard: ShardEntity): boolean {
  return (
    shard.instances !== shard.configuredInstances || shard.routeSelector !== shard.configuredRouteSelector
  );
}
