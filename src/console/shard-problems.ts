// What is wrong with shards now: instances that are not there, routes that nobody or that two shards serve, and a spread that
// is no accident.

import type { InstanceEntity, RouteEntity } from '../domain/model.ts';
import { about, duration } from './format.ts';
import { newestEntries } from './journal-line.ts';
import { bad, type Problem, warning } from './problem.ts';
import { type RouteTrouble, routeTroubles, shardLoads } from './shard-look.ts';
import { cut } from './text.ts';
import { runtimeOf, type View } from './view.ts';

/** A new instance is worth a word for so long. */
const restartShownMs = 5 * 60_000;
/** Instances that came this soon after the runtime came with it. */
const startTogetherMs = 15_000;
/** Instances are renewed one after another, and each forerunner may take its time. */
const wantedWithinMs = 60_000;
/** So few clients are spread by luck. */
const leastClients = 50;

/** What is so of all instances is one problem, or it would hide all others. */
export function instanceProblems(view: View): Problem[] {
  const told = new Map<string, { readonly problem: Problem; readonly instances: InstanceEntity[] }>();
  for (const instance of view.model.instance.values())
    for (const { problem, group } of problemsOfInstance(instance, view)) {
      const known = told.get(group);
      if (known === undefined) told.set(group, { problem, instances: [instance] });
      else known.instances.push(instance);
    }
  return [...told].map(([group, { problem, instances }]) =>
    instances.length === 1 ? problem : { ...problem, text: `${instances.length} instances ${group}` },
  );
}

interface Told {
  readonly problem: Problem;
  /** Instances with the same are told together. */
  readonly group: string;
}

function problemsOfInstance(instance: InstanceEntity, view: View): Told[] {
  const { now } = view;
  const { name, state, text, crashes, retryAt, startedAt, planHash } = instance;
  const runtime = runtimeOf(view);
  const why = text === undefined ? '' : `: ${text}`;
  const told = (problem: Problem, group: string): Told => ({ problem, group });
  switch (state) {
    case 'gone': {
      const loop = crashes > 1 ? `crashed ${crashes}×` : 'gone';
      const next = retryAt === undefined ? '' : `, starts in ${about(Math.max(0, retryAt - now))}`;
      const problem = bad(servesStill(view, instance) ? 2 : 3, `instance ${name} ${loop}${next}${why}`, now);
      return [
        told(
          { ...problem, short: `instance ${name} ${loop}` },
          crashes > 1 ? 'crash again and again' : `gone${why}`,
        ),
      ];
    }
    case 'starting':
      return [
        told(warning(`instance ${name} starting ${duration(now - startedAt)}${why}`, now), `starting${why}`),
      ];
    case 'leaving':
      return [];
    case 'serving':
      return [
        ...(crashes > 1
          ? [told(warning(`instance ${name} crashed ${crashes}×${why}`, startedAt), 'crash again and again')]
          : startedAnew(instance, view)
            ? [
                told(
                  warning(`instance ${name} started anew ${duration(now - startedAt)} ago${why}`, startedAt),
                  `started anew${why}`,
                ),
              ]
            : text === undefined
              ? []
              : [told(warning(`instance ${name}${why}`, now), `say: ${text}`)]),
        ...(runtime !== undefined && planHash !== runtime.plan.hash
          ? [
              told(
                warning(`instance ${name} serves another plan, ${planHash.slice(0, 4)}`, now),
                'serve another plan',
              ),
            ]
          : []),
      ];
  }
}

/** Others of its shard take its clients meanwhile. */
function servesStill({ model }: View, { shard }: InstanceEntity): boolean {
  return [...model.instance.values()].some((other) => other.shard === shard && other.state === 'serving');
}

/** It replaces one that died: what came with a plan, or because somebody asked for it, is no surprise. */
function startedAnew(instance: InstanceEntity, view: View): boolean {
  const runtime = runtimeOf(view);
  const { shard, startedAt } = instance;
  if (runtime === undefined || view.now - startedAt >= restartShownMs) return false;
  if (startedAt - runtime.startedAt <= startTogetherMs) return false;
  // A new one starts before the plan that asks for it is in force.
  if (Math.abs(startedAt - runtime.plan.at) < startTogetherMs) return false;
  return !newestEntries(view, shard).some(
    ({ kind, at }) => kind === 'act' && Math.abs(startedAt - at) < wantedWithinMs,
  );
}

export function shardProblems(view: View): Problem[] {
  return [...spreads(view), ...routes(view)];
}

function spreads(view: View): Problem[] {
  return [...shardLoads(view).values()].flatMap(({ shard, even, uneven }) => {
    if (even === undefined || even.items < leastClients * even.bins || !uneven) return [];
    const text = `${shard.name}: clients are uneven, ${even.maxOverMean.toFixed(2)} × the mean (chance ${even.chance.toFixed(2)})`;
    return [{ ...warning(text, 2), short: `${shard.name}: clients are uneven` }];
  });
}

const words: Readonly<Record<RouteTrouble, { readonly one: string; readonly many: string }>> = {
  orphaned: { one: 'is served by no shard', many: 'are served by no shard' },
  refused: { one: 'is refused', many: 'are refused' },
  doubly: { one: 'is served twice', many: 'are served twice' },
};

/** As somebody labelled them, and may stay so: last of their severity. */
function routes(view: View): Problem[] {
  const troubles = routeTroubles(view);
  return (['orphaned', 'refused', 'doubly'] as const).flatMap((trouble) => {
    const list = troubles[trouble];
    const [first] = list;
    if (first === undefined) return [];
    // What is wrong is behind it, on a line with room for no name of 200 letters.
    const name = cut(first.name, 32);
    const text =
      list.length === 1
        ? `route ${name} ${words[trouble].one}${whyOf(first, trouble)}`
        : `${list.length} routes ${words[trouble].many}`;
    const short = list.length === 1 ? `route ${name} ${words[trouble].one}` : text;
    return [{ ...(trouble === 'doubly' ? warning(text, 1) : bad(2, text, 1)), short }];
  });
}

function whyOf({ shards }: RouteEntity, trouble: RouteTrouble): string {
  if (trouble === 'doubly')
    return `: ${shards.flatMap((status) => (status.admitted ? [status.shard] : [])).join(', ')}`;
  const refusal = shards.find(({ admitted }) => !admitted);
  return refusal === undefined || refusal.admitted ? '' : ` by ${refusal.shard}: ${refusal.reason}`;
}
