// What is known of a backend as a whole, beside the tree on a wide screen.

import { stateOf } from '../backend-states.ts';
import { fact, heading, longFact } from '../facts.ts';
import { bytesPerSecond, count, latencyOf, percent, rate, share } from '../format.ts';
import type { Line } from '../frame.ts';
import { entryLine, newestEntries } from '../journal-line.ts';
import { blank, line, muted, span } from '../spans.ts';
import type { View } from '../view.ts';

const historyShown = 20;

export function backendDetail(view: View, name: string, width: number): Line[] {
  const backend = view.model.backend.get(name);
  if (backend === undefined) return [];
  const state = stateOf(view, name);
  const rates = view.traffic.backends.get(name);
  const answers = rates?.status?.reduce((sum, value) => sum + value, 0);
  const entries = newestEntries(view).filter(
    ({ subject }) => subject === name || subject.startsWith(`${name}/`),
  );
  return [
    line(span(` ${name}`, 'title', true), muted(`  ${backend.mode}, ${backend.algorithm}`)),
    blank,
    fact(
      'servers',
      span(`${state.up} of ${state.servers} up`, state.look.tone),
      muted(`, ${state.taking} take new clients, ${state.draining} draining, ${state.maint} in maint`),
    ),
    ...longFact('check', backend.check ?? 'none: every server counts as up', width),
    ...(backend.cookie === undefined
      ? []
      : [fact('cookie', span(backend.cookie), muted('  keeps a client on its server'))]),
    ...routesTo(view, name, width),
    blank,
    fact('now', span(`${count(rates?.streams)} streams`), muted(`, ${count(rates?.queued)} queued`)),
    fact(
      'rates',
      span(`${rate(rates?.requests)} req/s`),
      span(`  5xx ${percent(share(rates?.status?.[4], answers))}`),
      muted(`  ↓ ${bytesPerSecond(rates?.bytesIn)}  ↑ ${bytesPerSecond(rates?.bytesOut)}`),
    ),
    fact(
      'latency',
      span(
        `p50 ${latencyOf(rates?.latency?.p50)}  p90 ${latencyOf(rates?.latency?.p90)}  p99 ${latencyOf(rates?.latency?.p99)}`,
      ),
    ),
    blank,
    heading('journal'),
    ...(entries.length === 0
      ? [line(muted(' nothing yet'))]
      : entries.slice(0, historyShown).map((entry) => entryLine(entry, view))),
  ];
}

function routesTo(view: View, name: string, width: number): Line[] {
  const routes = [...view.model.route.values()].flatMap((route) =>
    route.to
      .filter(({ backend }) => backend === name)
      .map(
        ({ weight }) =>
          `${route.host ?? '*'}${route.path}${route.to.length > 1 ? ` (weight ${weight})` : ''}`,
      ),
  );
  return routes.length === 0 ? [] : longFact('routes', routes.join(', '), width);
}
