// One line that tells how far a drain job is, and the same as facts for a server's detail.

import { type DrainJob, drainQuietMs } from '../../domain/drain.ts';
import { about, count, duration, percent, plural, rate } from '../format.ts';
import type { Span } from '../frame.ts';
import { muted, span, spansWidth } from '../spans.ts';
import { bar } from '../sparkline.ts';
import { padStart, widthOf } from '../text.ts';

/** What still holds the job: streams, clients that may come back, requests that wait. */
export function leftOf({ progress }: DrainJob): number {
  return progress.streams + progress.sticky + progress.queued;
}

/** Of the streams that were there when the drain began, the share that is gone. */
export function goneShare({ progress }: DrainJob): number {
  const from = Math.max(progress.streamsAtStart, progress.streams);
  return from === 0 ? 1 : (from - progress.streams) / from;
}

/** "3 streams, 2 of them tunnels, 40 idle cookie clients, 5 arrived just now". */
export function whatIsLeft({ progress }: DrainJob): string {
  const { streams, tunnels, sticky, queued, arrivals } = progress;
  const parts = [
    ...(streams > 0
      ? [plural(streams, 'stream') + (tunnels > 0 ? ` (${plural(tunnels, 'tunnel')})` : '')]
      : []),
    ...(queued > 0 ? [`${count(queued)} queued`] : []),
    ...(sticky > 0 ? [`${plural(sticky, 'idle cookie client')}`] : []),
    ...(arrivals > 0 ? [`${plural(arrivals, 'arrival')} just now`] : []),
  ];
  return parts.length === 0 ? 'nothing left' : parts.join(', ');
}

const barLeast = 6;

export function drainLine(job: DrainJob, now: number, width: number): Span[] {
  const { progress, phase } = job;
  switch (phase) {
    case 'draining': {
      const from = Math.max(progress.streamsAtStart, progress.streams);
      const amounts = padStart(
        `${count(from - progress.streams)} of ${count(from)}`,
        2 * count(from).length + 4,
      );
      const start = [muted('└ '), span('◐ drain', 'drain'), span(`  ${amounts} gone `)];
      const portion = span(padStart(percent(goneShare(job)), 6));
      const rest = tail(job, now);
      const bars = width - spansWidth([...start, portion, ...rest]);
      if (bars >= barLeast)
        return [...start, ...barSpans(goneShare(job), Math.min(24, bars)), portion, ...rest];
      // A bar only says again what the numbers say; the limit is what an operator must know, whatever is cut after it.
      if (spansWidth([...start, ...rest]) <= width) return [...start, ...rest];
      return [...start, ...limit(job, now, ' '), span(`  ${comingOf(job)}`, 'warning')];
    }
    case 'drained':
      return [
        muted('└ '),
        span('● drained', 'good'),
        span(`  nothing left since ${duration(now - (job.drainedAt ?? now))}`),
        ...(job.then === 'wait' ? [muted(' · safe to stop')] : limit(job, now)),
      ];
    case 'overdue':
      return [
        muted('└ '),
        span(`▲ overdue ${duration(now - job.deadlineAt)}`, 'warning'),
        span(`  ${whatIsLeft(job)} · waits on`),
      ];
    case 'killing':
      return [
        muted('└ '),
        span(`▲ ends ${job.killRate}/s`, 'warning'),
        // What was ended first: it cannot be undone, and the rest is what a narrow terminal cuts.
        span(`  ${count(progress.killed)} ended · ${whatIsLeft(job)}`),
      ];
  }
}

/** What the share of streams gone does not tell: who may still come, and how long it may take. */
function tail(job: DrainJob, now: number): Span[] {
  const coming = comingOf(job);
  const { estimateMs } = job.progress;
  return [
    span(coming === '' ? '' : `  ${coming}`, 'warning'),
    muted(estimateMs === undefined ? '' : `  ~${about(estimateMs)} left`),
    ...limit(job, now),
  ];
}

function comingOf(job: DrainJob): string {
  const { sticky, queued, arrivals, streams } = job.progress;
  return [
    ...(queued > 0 ? [`${count(queued)} queued`] : []),
    ...(sticky > 0 ? [plural(sticky, 'cookie client')] : []),
    ...(arrivals > 0 ? [`${rate((arrivals * 1000) / drainQuietMs)}/s arrive`] : []),
    ...(streams + sticky + queued + arrivals === 0 ? ['waits until none comes'] : []),
  ].join(', ');
}

function limit(job: DrainJob, now: number, before = ', '): Span[] {
  return job.deadlineAt === 0 || job.deadlineAt <= now
    ? []
    : [muted(`${before}limit ${duration(job.deadlineAt - now)}`)];
}

/** With its track, or nobody sees how much of it is still empty. */
function barSpans(portion: number, width: number): Span[] {
  const filled = bar(portion, width).trimEnd();
  return [span(filled, 'bar'), span('░'.repeat(width - widthOf(filled)), 'border')];
}
