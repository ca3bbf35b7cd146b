// The top of the Overview: four lines that say how much traffic there is and how well it goes, each with its last minute.

import type { HistoryPoint, TotalsSample } from '../../domain/sample.ts';
import { bytes, bytesPerSecond, count, latencyOf, percent, perSecond, rate, share } from '../format.ts';
import type { Line, Span, Tone } from '../frame.ts';
import { fill, muted, span } from '../spans.ts';
import { sparkline } from '../sparkline.ts';
import { lastMinute } from '../traffic.ts';
import type { View } from '../view.ts';

const labelWidth = 19;
const factWidths = [12, 13, 14, 14];
const leastShape = 8;

export function totalsLines(view: View, width: number): Line[] {
  const totals = view.traffic.totals;
  const latency = totals?.latency;
  const answers = totals?.status?.reduce((sum, value) => sum + value, 0);
  const failed = share(totals?.status?.[4], answers);
  const refused = share(totals?.status?.[3], answers);
  const shape = { view, width };
  return [
    totalsLine(shape, 'requests/s', rate(totals?.requests), (point) => point.requests, 5, [
      ['5xx', percent(failed), (failed ?? 0) > 0 ? 'bad' : 'text'],
      ['4xx', percent(refused), 'text'],
      ['retries', perSecond(totals?.retries), (totals?.retries ?? 0) > 0 ? 'warning' : 'text'],
    ]),
    totalsLine(
      shape,
      'latency',
      `p50 ${latencyOf(latency?.p50)}`,
      (point) => point.latency?.p50 ?? null,
      1_000,
      [
        ['p90', latencyOf(latency?.p90), 'text'],
        ['p99', latencyOf(latency?.p99), 'text'],
        ['max', latencyOf(latency?.max), 'text'],
      ],
    ),
    totalsLine(shape, 'connections', count(totals?.connections), (point) => point.connections, 5, [
      ['of', count(totals?.maxConnections), fullTone(totals)],
      ['new', perSecond(totals?.newConnections), 'text'],
      ...tlsShare(totals),
      ['idle', count(totals?.idle), 'text'],
    ]),
    totalsLine(shape, 'bytes', `↓${bytesPerSecond(totals?.bytesIn)}`, (point) => bothWays(point), 1_024, [
      ['', `↑${bytesPerSecond(totals?.bytesOut)}`, 'text'],
      ['cpu', percent(totals?.process?.cpu), (totals?.process?.cpu ?? 0) > 0.85 ? 'warning' : 'text'],
      ...resumedShare(totals),
      ['memory', bytes(totals?.process?.rssBytes), 'text'],
    ]),
  ];
}

type Fact = readonly [word: string, value: string, tone: Tone];

/** Before all else where there is any: how much comes in over TLS, and how cheaply. */
function tlsShare(totals: TotalsSample | undefined): Fact[] {
  return totals === undefined || totals.tlsConnections === 0
    ? []
    : [['tls', percent(share(totals.tlsConnections, totals.connections)), 'text']];
}

function resumedShare(totals: TotalsSample | undefined): Fact[] {
  return totals?.handshakes ? [['resumed', percent(share(totals.resumed, totals.handshakes)), 'text']] : [];
}

/** Room runs out before anything breaks: say so early. */
function fullTone(totals: TotalsSample | undefined): Tone {
  return totals !== undefined && totals.connections > 0.8 * totals.maxConnections ? 'warning' : 'text';
}

function bothWays({ bytesIn, bytesOut }: TotalsSample): number | null {
  return bytesIn === null || bytesOut === null ? null : bytesIn + bytesOut;
}

function totalsLine(
  { view, width }: { view: View; width: number },
  label: string,
  value: string,
  past: (point: TotalsSample) => number | null,
  least: number,
  facts: readonly Fact[],
): Line {
  const room = width - 1 - labelWidth - 2 - 2;
  // A narrow terminal loses the last fact of each line, not the half of it.
  const factsWidth = (amount: number) => factWidths.slice(0, amount).reduce((sum, cells) => sum + cells, 0);
  const shown = [4, 3, 2, 1].find((amount) => factsWidth(amount) + leastShape <= room) ?? 0;
  const sparkWidth = Math.max(leastShape, Math.min(60, room - factsWidth(shown)));
  const values = lastMinute(view.traffic.past, view.now, sparkWidth, ({ totals }: HistoryPoint) =>
    past(totals),
  );
  const shownValue = fill([span(value, 'text', true)], labelWidth - label.length - 1, 'right');
  const factSpans: Span[] = facts
    .slice(0, shown)
    .flatMap(([word, text, tone], index) =>
      fill([muted(word === '' ? '' : `${word} `), span(text, tone)], factWidths[index]!),
    );
  return {
    spans: [
      muted(` ${label} `),
      ...shownValue,
      span('  '),
      span(sparkline(values, sparkWidth, least), 'bar'),
      span('  '),
      ...factSpans,
    ],
  };
}
