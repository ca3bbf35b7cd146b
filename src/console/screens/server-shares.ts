// How a backend's requests are shared by its servers, on one line: by name as long as there is room, else as a shape.

import type { ServerEntity } from '../../domain/model.ts';
import { takesNewClients } from '../../domain/server-state.ts';
import { stateOf } from '../backend-states.ts';
import { percent } from '../format.ts';
import type { Span } from '../frame.ts';
import { operationalLook } from '../server-look.ts';
import { muted, span, spansWidth } from '../spans.ts';
import { bar, sparkline } from '../sparkline.ts';
import { serversOf, type View } from '../view.ts';

interface Shared {
  readonly server: ServerEntity;
  /** Undefined where nothing is known, or nothing goes to the backend. */
  readonly share: number | undefined;
}

export function shareSpans(view: View, backend: string, width: number): Span[] {
  const servers = serversOf(view, backend);
  if (servers.length === 0) {
    const { look, text } = stateOf(view, backend);
    return [span(`${look.sign} ${text}`, look.tone)];
  }
  const requests = servers.map(({ key }) => view.traffic.servers.get(key)?.requests ?? null);
  const whole = requests.reduce<number>((sum, value) => sum + (value ?? 0), 0);
  const shared = servers.map((server, index): Shared => {
    const value = requests[index];
    return {
      server,
      share: value === null || value === undefined || whole === 0 ? undefined : value / whole,
    };
  });
  const each = width / servers.length;
  const highest = Math.max(0, ...shared.map(({ share }) => share ?? 0));
  const wishes = [...(each >= 22 ? [8] : []), ...(each >= 17 ? [4] : []), 0];
  for (const bars of wishes) {
    const spans = shared.flatMap((item, index) => [
      span(index === 0 ? '' : '   '),
      ...named(item, bars, highest),
    ]);
    if (spansWidth(spans) <= width) return spans;
  }
  return asShape(shared, width);
}

/** The bar is a share of the highest one: that is what even servers have in common. */
function named({ server, share }: Shared, bars: number, highest: number): Span[] {
  const { sign, tone } = operationalLook(server.operational);
  // Who takes nobody needs no number: why not is what is to be seen.
  const out = !takesNewClients(server);
  return [
    out ? span(`${server.admin === 'ready' ? sign : server.admin} `, tone) : span(''),
    span(`${server.name} `, out ? 'muted' : 'text'),
    ...(bars === 0 || share === undefined
      ? []
      : [span(bar(highest === 0 ? 0 : share / highest, bars), 'bar'), span(' ')]),
    share === undefined ? muted('–') : span(percent(share), out ? 'muted' : 'text'),
  ];
}

/** Of many servers: a column for each, and who has most and least. */
function asShape(shared: readonly Shared[], width: number): Span[] {
  const out = shared.filter(({ server }) => !takesNewClients(server)).length;
  const known = shared
    .filter(({ server, share }) => share !== undefined && takesNewClients(server))
    .toSorted((a, b) => b.share! - a.share!);
  const most = known[0];
  const least = known.at(-1);
  const words: Span[] = [
    span(out === 0 ? '' : `▼${out} out of ${shared.length}  `, 'bad'),
    ...(most === undefined || least === undefined
      ? [muted(`${shared.length} servers, –`)]
      : [
          muted('most '),
          span(`${most.server.name} ${percent(most.share)}`),
          muted('  least '),
          span(`${least.server.name} ${percent(least.share)}`),
        ]),
  ];
  const room = Math.min(shared.length, Math.max(0, width - spansWidth(words) - 2));
  const highest = most?.share ?? 0;
  return room < 4 || highest === 0
    ? words
    : [
        span(
          sparkline(
            shared.slice(0, room).map(({ share }) => (share ?? 0) / highest),
            room,
            1,
          ),
          'bar',
        ),
        span('  '),
        ...words,
      ];
}
