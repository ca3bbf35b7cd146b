// What a plan says: how many clients would move, what becomes of routes, and the same bars with what was before as a ghost. Pure.

import type { ShardChange, ShardPlan } from '../../domain/shard-plan.ts';
import { chosenTime, count, percent, plural, rate } from '../format.ts';
import type { Line, Span, Tone } from '../frame.ts';
import { evennessSpans, isUneven } from '../shard-look.ts';
import { fill, line, muted, span, spansWidth } from '../spans.ts';
import { wrap } from '../text.ts';

/** A short list is read, a long one counted; all of it is a scroll away. */
const listed = 100;

/** What a plan does not say, and the console knows. */
export interface PlanWorld {
  /** Of a shard's table; undefined of a shard that is not there yet. */
  slotsOf(shard: string): number | undefined;
  bindsOf(shard: string): readonly string[];
  /** Requests and passed connections per second; undefined where they are not sampled. */
  requestsOf(route: string): number | undefined;
}

export function planLines(whole: ShardPlan, width: number, world: PlanWorld): Line[] {
  const plan = { ...whole, shards: whole.shards.filter(isTouched), routes: toldOnce(whole.routes) };
  if (isNothing(plan)) return [line(span('nothing would change: this is what runs', 'text', true))];
  return [
    ...headline(plan, width, world),
    ...routeLines(plan, width, world),
    ...plan.shards.flatMap((change) => shardLines(change, width, world)),
    ...plan.servers.flatMap(({ backend, observed, moved, before, after }) => [
      line(
        span(backend, 'text', true),
        span('  '),
        span(movedText(moved, observed), moved > 0 ? 'text' : 'muted'),
        muted(' get another server'),
      ),
      ...ghostRows(namedCounts(before, after), width),
    ]),
  ];
}

/** Who is served twice, or by nobody, has said so: it need not be told to have moved besides. */
function toldOnce(routes: ShardPlan['routes']): ShardPlan['routes'] {
  const told = new Set([...routes.orphaned, ...routes.doublyServed.map(({ route }) => route)]);
  return { ...routes, moved: routes.moved.filter(({ route }) => !told.has(route)) };
}

/** The plan of servers' weights is that of before: what they change are clients. */
function isNothing({ from, to, shards, servers }: ShardPlan): boolean {
  return from === to && shards.length === 0 && servers.length === 0;
}

/** Shards that stay as they are would only hide the one that does not. */
function isTouched({ instancesBefore, instancesAfter, moved, slotsMoved }: ShardChange): boolean {
  return instancesBefore !== instancesAfter || moved > 0 || slotsMoved > 0;
}

/** "moves 33.1 % of 910 clients seen in the last minute; no route moves": what is to be known, in one sentence. */
function headline(plan: ShardPlan, width: number, world: PlanWorld): Line[] {
  const seen = `seen in the last ${plan.overMs === 60_000 ? 'minute' : chosenTime(plan.overMs)}`;
  const missed = plan.missed > 0 ? ` (and ${count(plan.missed)} more not kept in mind)` : '';
  const of = (amount: number) => `of ${plural(amount, 'client')} ${seen}${missed}`;
  const instances = summed(plan.shards);
  const servers = summed(plan.servers);
  const slots = plan.shards.reduce((most, change) => Math.max(most, slotShare(change, world)), 0);
  const parts = [
    ...(instances.observed > 0
      ? [
          instances.moved === 0
            ? `moves none ${of(instances.observed)}`
            : `moves ${exact(instances)} ${of(instances.observed)}`,
        ]
      : slots > 0
        ? [`no client was ${seen}; ${percent(slots)} of those that come would move`]
        : []),
    ...(servers.observed > 0 ? [`${exact(servers)} ${of(servers.observed)} get another server`] : []),
    routeWords(plan.routes),
    ...(plan.from === plan.to ? [] : [`plan ${plan.from.slice(0, 4)} → ${plan.to.slice(0, 4)}`]),
  ];
  return wrap(parts.join('; '), width).map((part) => line(span(part, 'text', true)));
}

/** A tenth of a percent: it is a plan, to be compared with another. */
function exact({ moved, observed }: { readonly moved: number; readonly observed: number }): string {
  return `${((100 * moved) / observed).toFixed(1)} %`;
}

function routeWords({
  moved,
  orphaned,
  doublyServed,
  conflicts,
  activated,
  removed,
  added,
}: ShardPlan['routes']): string {
  const words = [
    ...(moved.length > 0
      ? [`${plural(moved.length, 'route')} ${moved.length === 1 ? 'moves' : 'move'}`]
      : []),
    ...(orphaned.length > 0 ? [`${orphaned.length} orphaned`] : []),
    ...(doublyServed.length > 0 ? [`${doublyServed.length} served twice`] : []),
    ...(conflicts.length > 0 ? [`${conflicts.length} refused`] : []),
    ...(activated.length > 0 ? [`${activated.length} admitted`] : []),
    ...(removed.length > 0 ? [`${removed.length} removed`] : []),
    ...(added.length > 0 ? [`${added.length} added`] : []),
  ];
  return words.length === 0 ? 'no route moves' : words.join(', ');
}

function summed(changes: readonly { readonly observed: number; readonly moved: number }[]) {
  return {
    observed: changes.reduce((sum, { observed }) => sum + observed, 0),
    moved: changes.reduce((sum, { moved }) => sum + moved, 0),
  };
}

function movedText(moved: number, observed: number): string {
  if (observed === 0) return 'no client seen';
  return `${count(moved)} of ${plural(observed, 'client')}, ${percent(moved / observed)},`;
}

/** The worst first: what nobody serves any more. */
function routeLines({ routes }: ShardPlan, width: number, world: PlanWorld): Line[] {
  const { moved, orphaned, doublyServed, conflicts, activated, removed, added } = routes;
  return [
    ...orphaned.flatMap((route) =>
      noted('▼', 'bad', route, `would be served by no shard${comingTo(route, world)}`, width),
    ),
    ...conflicts.flatMap(({ route, status }) =>
      noted('▼', 'bad', route, `${status.shard} would refuse it: ${status.reason}: ${status.message}`, width),
    ),
    ...doublyServed.flatMap(({ route, shards }) =>
      noted('▲', 'warning', route, `would be served by ${shards.join(' and ')}`, width),
    ),
    ...moved
      .slice(0, listed)
      .flatMap(({ route, from, to }) => [
        ...noted('→', 'accent', route, `${from.join(', ') || 'none'} → ${to.join(', ') || 'none'}`, width),
        ...leftBehind(route, from, to, width, world),
      ]),
    ...activated.flatMap(({ route, shard }) =>
      noted('●', 'good', route, `refused now, admitted by ${shard} then`, width),
    ),
    ...named('removed', removed, width),
    ...named('added', added, width),
    ...(moved.length > listed ? [line(muted(`  and ${moved.length - listed} more routes move`))] : []),
  ];
}

/** A shard has binds of its own: who goes on coming to those of the one before meets nobody. */
function leftBehind(
  route: string,
  from: readonly string[],
  to: readonly string[],
  width: number,
  world: PlanWorld,
): Line[] {
  const binds = from.filter((shard) => !to.includes(shard)).flatMap((shard) => world.bindsOf(shard));
  return binds.length === 0
    ? []
    : noted(
        '▲',
        'warning',
        route,
        `not served on ${binds.join(', ')} any more${comingTo(route, world)}`,
        width,
      );
}

function comingTo(route: string, { requestsOf }: PlanWorld): string {
  const requests = requestsOf(route);
  return requests === undefined ? '' : `: ${rate(requests)} req/s come now`;
}

function noted(sign: string, tone: Tone, route: string, text: string, width: number): Line[] {
  return wrap(`${route}  ${text}`, Math.max(10, width - 2)).map((part, index) =>
    line(
      span(index === 0 ? `${sign} ` : '  ', tone),
      span(part, tone === 'bad' || tone === 'warning' ? tone : 'text'),
    ),
  );
}

function named(word: string, routes: readonly string[], width: number): Line[] {
  if (routes.length === 0) return [];
  return wrap(`${word}: ${routes.slice(0, listed).join(', ')}`, width).map((part) => line(span(part)));
}

function slotShare({ shard, slotsMoved }: ShardChange, world: PlanWorld): number {
  const all = world.slotsOf(shard);
  return all === undefined ? 0 : slotsMoved / all;
}

function shardLines(change: ShardChange, width: number, world: PlanWorld): Line[] {
  const { shard, instancesBefore, instancesAfter, observed, moved } = change;
  const slots = slotShare(change, world);
  const amount =
    instancesBefore === instancesAfter
      ? plural(instancesAfter, 'instance')
      : `${instancesBefore} → ${plural(instancesAfter, 'instance')}`;
  const facts: Span[] = [
    span(shard, 'text', true),
    muted(`  ${amount}  `),
    ...(observed === 0
      ? [muted('no client seen')]
      : [
          span(`${count(moved)} of ${count(observed)}`, moved > 0 ? 'text' : 'muted'),
          muted(` move, ${percent(moved / observed)}`),
        ]),
    ...(slots > 0 ? [muted(`; ${percent(slots)} of the slots`)] : []),
  ];
  const even = evennessChange(change);
  return [
    ...(spansWidth(facts) + spansWidth(even) + 2 <= width
      ? [line(...facts, span('  '), ...even)]
      : [line(...facts), ...(even.length === 0 ? [] : [line(span('  '), ...even)])]),
    ...(instancesBefore < 2 && instancesAfter < 2 ? [] : ghostRows(counts(change), width)),
  ];
}

function evennessChange({ evennessBefore, evennessAfter }: ShardChange): Span[] {
  if (evennessAfter === undefined) return [];
  const before =
    evennessBefore === undefined || evennessBefore.bins < 2
      ? []
      : [
          span(evennessBefore.maxOverMean.toFixed(2), isUneven(evennessBefore) ? 'warning' : 'text'),
          muted(' → '),
        ];
  return evennessAfter.bins < 2
    ? []
    : [...evennessSpans(evennessAfter).slice(0, 1), ...before, ...evennessSpans(evennessAfter).slice(1)];
}

interface Counted {
  readonly name: string;
  /** Undefined: not there. */
  readonly before: number | undefined;
  readonly after: number | undefined;
}

function counts({ shard, before, after, instancesBefore, instancesAfter }: ShardChange): Counted[] {
  return Array.from({ length: Math.max(instancesBefore, instancesAfter) }, (_, index) => ({
    name: `${shard}/${index + 1}`,
    before: index < instancesBefore ? (before[index] ?? 0) : undefined,
    after: index < instancesAfter ? (after[index] ?? 0) : undefined,
  }));
}

function namedCounts(
  before: readonly { readonly server: string; readonly clients: number }[],
  after: readonly { readonly server: string; readonly clients: number }[],
): Counted[] {
  const names = [...new Set([...before, ...after].map(({ server }) => server))];
  const of = (list: typeof before, name: string) => list.find(({ server }) => server === name)?.clients;
  return names.map((name) => ({ name, before: of(before, name), after: of(after, name) }));
}

/** █ stays, ░ was here and leaves, ▓ comes: read without colours, too. */
function ghostRows(rows: readonly Counted[], width: number): Line[] {
  const names = Math.min(20, Math.max(6, ...rows.map(({ name }) => name.length)));
  const most = Math.max(1, ...rows.flatMap(({ before, after }) => [before ?? 0, after ?? 0]));
  const bars = Math.max(6, Math.min(60, width - names - 3 - 15 - 2 - 6));
  const cells = (amount: number | undefined) => Math.round(((amount ?? 0) / most) * bars);
  return rows.map(({ name, before, after }) => {
    const was = cells(before);
    const is = cells(after);
    const words: Span =
      before === undefined
        ? span('new', 'accent')
        : after === undefined
          ? span('leaves', 'drain')
          : before === after
            ? muted('stays')
            : span('');
    return line(
      ...fill([span(`  ${name}`)], names + 3),
      ...fill(
        [
          { text: '█'.repeat(Math.min(was, is)), tone: 'bar' },
          { text: '▓'.repeat(Math.max(0, is - was)), tone: 'accent' },
          { text: '░'.repeat(Math.max(0, was - is)), tone: 'border' },
        ],
        bars,
      ),
      ...fill([muted(before === undefined ? '–' : count(before)), muted(' → ')], 9, 'right'),
      ...fill([span(after === undefined ? '–' : count(after))], 6, 'right'),
      span('  '),
      words,
    );
  });
}
