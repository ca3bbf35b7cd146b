// All that is known of one shard, and of one instance: what it takes, where it listens, who has which slots, and its routes
// with what became of each.

import type { InstanceEntity, RouteEntity, ShardEntity } from '../../domain/model.ts';
import { fact, heading, longFact } from '../facts.ts';
import { ago, bytes, count, duration, percent, plural, rate } from '../format.ts';
import type { Line, Span } from '../frame.ts';
import { entryLine, newestEntries } from '../journal-line.ts';
import { pathSpans } from '../kernel-look.ts';
import {
  cameApart,
  evennessSpans,
  instanceStateSpan,
  labelsText,
  type RouteTrouble,
  routeTroubles,
  selectionText,
  shardLoads,
  troubleLooks,
} from '../shard-look.ts';
import { slotCounts } from '../slots.ts';
import { blank, line, muted, span } from '../spans.ts';
import { padEnd } from '../text.ts';
import { runtimeOf, type View } from '../view.ts';
import { shareSpans } from './server-shares.ts';

const historyShown = 8;
const routesShown = 200;

/** Of a row of the Shards screen, by its key. */
export function detailOfRow(view: View, key: string, width: number): Line[] {
  const kind = key.slice(0, key.indexOf(':'));
  const name = key.slice(key.indexOf(':') + 1);
  switch (kind) {
    case 'shard':
      return shardDetail(view, name, width);
    case 'instance':
      return instanceDetail(view, name, width);
    case 'trouble':
      return troubleDetail(view, name as RouteTrouble, width);
    default:
      return backendPart(view, name, width);
  }
}

export function shardDetail(view: View, name: string, width: number): Line[] {
  const shard = view.model.shard.get(name);
  if (shard === undefined)
    return [blank, line(muted(` Shard ${name} is not in the configuration any more. Esc goes back.`))];
  return [
    line(
      span(` shard ${name}`, 'title', true),
      span(`  ${shard.domain ?? ''}`),
      muted(shard.isDefault ? '  default: takes what no other shard takes' : ''),
    ),
    blank,
    ...selection(view, shard, width),
    ...binds(view, shard),
    ...steering(shard, width),
    blank,
    ...instances(view, shard),
    blank,
    ...routes(view, shard, width),
    blank,
    ...history(view, name),
  ];
}

function selection(view: View, shard: ShardEntity, width: number): Line[] {
  const { routeSelector, configuredRouteSelector, instances, configuredInstances } = shard;
  const drifts = [...view.model.drift.values()].filter(
    (drift) => 'shard' in drift && drift.shard === shard.name,
  );
  const by = (field: string): string => {
    const drift = drifts.find((each) => each.field === field);
    return drift === undefined ? '' : `; by ${drift.by} ${ago(view.now - drift.at)}`;
  };
  const words = routeSelector === '' ? 'all routes' : routeSelector;
  return [
    ...longFact('takes', selectionText(shard), width),
    ...(routeSelector === configuredRouteSelector
      ? []
      : longFact(
          'drift',
          `≠ ${words}, configured ${configuredRouteSelector === '' ? 'all routes' : configuredRouteSelector}${by('routeSelector')}`,
          width,
          'warning',
        )),
    fact(
      'instances',
      span(String(instances)),
      instances === configuredInstances
        ? muted(', as configured')
        : span(` ≠, configured ${configuredInstances}${by('instances')}`, 'warning'),
    ),
  ];
}

function binds(view: View, { binds: names }: ShardEntity): Line[] {
  return names.map((name, index) => {
    const bind = view.model.bind.get(name);
    const word = index === 0 ? 'binds' : '';
    if (bind === undefined) return fact(word, span(name), muted('  not there'));
    return bind.state === 'failed'
      ? fact(word, span(`▼ ${name}  ${bind.text ?? 'failed'}`, 'bad'))
      : fact(word, span(name), muted(`  ${bind.mode} on ${bind.address}`), ...pathSpans(bind));
  });
}

function steering(
  { steering: { by, why, tableSize, ipv6Prefix }, instances }: ShardEntity,
  width: number,
): Line[] {
  const how =
    by === 'direct'
      ? [span('direct'), muted(': its one instance accepts for itself')]
      : by === 'nft'
        ? [
            span('nft'),
            muted(`: the kernel sends each address to its slot's instance, ${count(tableSize)} slots`),
          ]
        : [span('handoff'), muted(`: by address, one of ${count(tableSize)} slots; each is one instance's`)];
  return [
    fact('steering', ...how),
    ...(why === undefined ? [] : longFact('', `▲ nft was wished: ${why}`, width, 'warning')),
    ...(by === 'direct' || instances < 2 || ipv6Prefix === 128
      ? []
      : [fact('', muted('IPv6 by /64: a household has one slot'))]),
  ];
}

/** Each with its share of the slots beside its share of the clients. */
function instances(view: View, shard: ShardEntity): Line[] {
  const load = shardLoads(view).get(shard.name);
  const slots = slotCounts(shard);
  const list = load?.instances ?? [];
  return [
    line(span(' instances', 'title', true), span('  '), ...evennessSpans(load?.even, load?.settling)),
    ...(load?.uneven && cameApart(load.serving)
      ? [line(muted(' what is open stays where it is: n renews, and clients come to their own'))]
      : []),
    ...(list.length === 0 ? [line(span(' ▼ no instance is known', 'bad'))] : []),
    ...list.flatMap((instance): Line[] => {
      const number = Number(instance.name.slice(instance.name.lastIndexOf('/') + 1));
      const rates = view.traffic.instances.get(instance.id);
      const owned = instance.state === 'leaving' ? 0 : (slots[number - 1] ?? 0);
      return [
        line(
          span(` ${padEnd(instance.name, 13)}`),
          instanceStateSpan(instance, view.now),
          span(`  ${count(rates?.clients)}`),
          muted(' clients  '),
          span(count(rates?.connections)),
          muted(' conns  '),
          span(rate(rates?.requests)),
          muted(' req/s'),
        ),
        line(
          muted(
            ` ${padEnd('', 13)}pid ${instance.pid}  ${instance.version}  ${aliveText(view, instance)}${
              shard.instances > 1 ? `  ${count(owned)} slots` : ''
            }`,
          ),
          ...planSpans(view, instance),
        ),
        ...(instance.text === undefined ? [] : [line(span(` ${padEnd('', 13)}${instance.text}`, 'warning'))]),
      ];
    }),
  ];
}

/** The age of a process that is no more would go on growing. */
function aliveText(view: View, { state, startedAt }: InstanceEntity): string {
  return state === 'gone' ? 'is no more' : `up ${duration(view.now - startedAt)}`;
}

function planSpans(view: View, { planHash, state }: InstanceEntity): Span[] {
  const inForce = runtimeOf(view)?.plan.hash;
  return inForce === undefined || planHash === inForce || planHash === ''
    ? []
    : [span(`  plan ${planHash.slice(0, 4)}`, state === 'serving' ? 'warning' : 'muted')];
}

/** Where its own is named already. */
function otherPlanSpans(view: View, instance: InstanceEntity): Span[] {
  const inForce = runtimeOf(view)?.plan.hash ?? '';
  return planSpans(view, instance).map(({ tone }) => span(`  ≠ ${inForce.slice(0, 4)} in force`, tone));
}

function routes(view: View, shard: ShardEntity, width: number): Line[] {
  const refused = shard.refused.flatMap((name) => {
    const status = view.model.route.get(name)?.shards.find((each) => each.shard === shard.name);
    const why = status === undefined || status.admitted ? 'refused' : `${status.reason}: ${status.message}`;
    return [line(span(` ▲ ${name}`, 'warning', true)), ...longFact('', why, width, 'warning')];
  });
  const served = shard.routes.slice(0, routesShown).map((name) => {
    const route = view.model.route.get(name);
    return line(
      span(` ● `, 'good'),
      span(padEnd(name, 16)),
      ...(route === undefined ? [] : placed(route, shard.name)),
    );
  });
  const hidden = shard.routes.length - served.length;
  return [
    line(
      span(' routes', 'title', true),
      muted(`  ${count(shard.routes.length)} served, oldest first`),
      span(refused.length === 0 ? '' : `, ${shard.refused.length} refused`, 'warning'),
    ),
    ...refused,
    ...served,
    ...(hidden > 0 ? [line(muted(`   and ${count(hidden)} more`))] : []),
    ...(shard.routes.length + shard.refused.length === 0 ? [line(muted(' none'))] : []),
  ];
}

function placed(route: RouteEntity, shard: string): Span[] {
  const also = route.shards.flatMap((s) => (s.admitted && s.shard !== shard ? [s.shard] : []));
  return [
    span(` ${route.host ?? '*'}`),
    muted(` ${route.path}`),
    also.length > 0 ? span(`  ▲ also in ${also.join(', ')}`, 'warning') : span(''),
  ];
}

export function instanceDetail(view: View, id: string, width: number): Line[] {
  const instance = view.model.instance.get(id);
  if (instance === undefined)
    return [blank, line(muted(` Instance ${id} is not there any more. Esc goes back.`))];
  const rates = view.traffic.instances.get(id);
  const shard = view.model.shard.get(instance.shard);
  const number = Number(instance.name.slice(instance.name.lastIndexOf('/') + 1));
  const slots = shard === undefined || shard.instances < 2 ? undefined : slotCounts(shard)[number - 1];
  const { crashes, retryAt, leaveBy, text, planHash, version, pid } = instance;
  const release = runtimeOf(view)?.version;
  return [
    line(
      span(` instance ${instance.name}`, 'title', true),
      span('  '),
      instanceStateSpan(instance, view.now),
    ),
    blank,
    fact('process', span(`pid ${pid}`), muted(`, ${aliveText(view, instance)}`)),
    fact(
      'version',
      span(version),
      release === undefined || release === version
        ? span('')
        : span(`  ≠ the runtime's ${release}: n renews the shard`, 'warning'),
    ),
    fact('plan', span(planHash === '' ? '–' : planHash.slice(0, 4)), ...otherPlanSpans(view, instance)),
    ...(crashes === 0
      ? []
      : [
          fact(
            'crashes',
            span(plural(crashes, 'time', 'times'), crashes > 1 ? 'bad' : 'warning'),
            muted(
              retryAt === undefined
                ? ' in a row'
                : ` in a row, next start in ${duration(Math.max(0, retryAt - view.now))}`,
            ),
          ),
        ]),
    ...(leaveBy === undefined
      ? []
      : [fact('leaves', span(duration(leaveBy - view.now)), muted(' until what is left is ended'))]),
    ...(text === undefined ? [] : longFact('told', text, width, 'warning')),
    ...(slots === undefined || instance.state === 'leaving' || shard === undefined
      ? []
      : [
          fact(
            'slots',
            span(count(slots)),
            muted(` of ${count(shard.steering.tableSize)}, ${percent(slots / shard.steering.tableSize)}`),
          ),
        ]),
    blank,
    fact('clients', span(count(rates?.clients)), muted(' different addresses')),
    fact(
      'conns',
      span(count(rates?.connections)),
      muted(`, ${rate(rates?.newConnections)} new/s, ${rate(rates?.requests)} req/s`),
    ),
    fact('cpu', span(percent(rates?.cpu)), muted(' of a core')),
    fact(
      'memory',
      span(bytes(rates?.rssBytes)),
      muted(rates === undefined ? '' : `, event loop late by ${rates.loopDelayMs.toFixed(1)} ms`),
    ),
    blank,
    ...history(view, instance.name),
  ];
}

function troubleDetail(view: View, trouble: RouteTrouble, width: number): Line[] {
  const list = routeTroubles(view)[trouble];
  const { sign, tone, words } = troubleLooks[trouble];
  return [
    line(span(` ${sign} ${plural(list.length, 'route')} ${words}`, tone, true)),
    blank,
    ...list
      .slice(0, routesShown)
      .flatMap((route) => [
        line(span(` ${padEnd(route.name, 16)}`), span(` ${route.host ?? '*'}`), muted(` ${route.path}`)),
        ...route.shards.flatMap((status) =>
          longFact(
            '',
            status.admitted
              ? `served by ${status.shard}`
              : `${status.shard}: ${status.reason}: ${status.message}`,
            width,
            status.admitted ? 'muted' : 'warning',
          ),
        ),
        ...(route.shards.length === 0
          ? longFact(
              '',
              `no shard selects ${labelsText(route)} of namespace ${route.namespace}`,
              width,
              'muted',
            )
          : []),
      ]),
  ];
}

function backendPart(view: View, name: string, width: number): Line[] {
  const backend = view.model.backend.get(name);
  if (backend === undefined) return [];
  return [
    line(span(` backend ${name}`, 'title', true), muted(`  ${backend.algorithm}`)),
    blank,
    line(span(' '), ...shareSpans(view, name, width - 2)),
  ];
}

function history(view: View, subject: string): Line[] {
  const entries = newestEntries(view, subject).slice(0, historyShown);
  return [
    heading('journal'),
    ...(entries.length === 0
      ? [line(muted(' nothing yet'))]
      : entries.map((entry) => entryLine(entry, view, false))),
  ];
}
