import { describe, expect, it } from 'vitest';
import { drainLine, whatIsLeft } from '../../src/console/screens/drain-line.ts';
import type { DrainJob, DrainProgress } from '../../src/domain/drain.ts';
import { drainOfPg1, noon } from './worlds.ts';

function job(change: Partial<DrainJob>, progress: Partial<DrainProgress> = {}): DrainJob {
  return { ...drainOfPg1, ...change, progress: { ...drainOfPg1.progress, ...progress } };
}

const lineOf = (shown: DrainJob, width = 72) =>
  drainLine(shown, noon, width)
    .map(({ text }) => text)
    .join('');

describe('the line of a drain job', () => {
  it.each([
    ['under way', job({}), '└ ◐ drain  38 of 41 gone ███████████████▊░  93 %  ~20 s left, limit 4:02'],
    [
      'without an honest estimate',
      (() => {
        const { estimateMs: _, ...progress } = drainOfPg1.progress;
        return { ...drainOfPg1, deadlineAt: 0, progress };
      })(),
      '└ ◐ drain  38 of 41 gone ██████████████████████▎░  93 %',
    ],
    [
      'with clients that may come back',
      job({}, { streams: 0, tunnels: 0, sticky: 40, arrivals: 6 }),
      '└ ◐ drain  41 of 41 gone  limit 4:02  40 cookie clients, 2/s arrive',
    ],
    [
      'quiet, but not for long enough',
      job({}, { streams: 0, tunnels: 0, estimateMs: 3_000 }),
      '└ ◐ drain  41 of 41 gone   waits until none comes  ~3 s left, limit 4:02',
    ],
    [
      'done',
      job({ phase: 'drained', drainedAt: noon - 12_000 }),
      '└ ● drained  nothing left since 0:12 · safe to stop',
    ],
    [
      'late',
      job({ phase: 'overdue', deadlineAt: noon - 62_000 }),
      '└ ▲ overdue 1:02  3 streams (3 tunnels) · waits on',
    ],
    [
      'that ends what is left',
      job({ phase: 'killing', deadlineAt: noon - 2_000 }, { killed: 20 }),
      '└ ▲ ends 10/s  20 ended · 3 streams (3 tunnels)',
    ],
  ])('tells of one %s', (_, shown, expected) => expect(lineOf(shown)).toBe(expected));

  it('keeps its limit in sight on 80 columns, whatever comes', () => {
    const busy = job({}, { streams: 9_999, sticky: 120, arrivals: 250, streamsAtStart: 12_000 });
    expect(lineOf(busy).slice(0, 72)).toContain(' limit 4:02  120 cookie clients');
  });

  it('says all that holds a drain back', () => {
    expect(whatIsLeft(job({}, { queued: 1, sticky: 1, arrivals: 2 }))).toBe(
      '3 streams (3 tunnels), 1 queued, 1 idle cookie client, 2 arrivals just now',
    );
  });
});
