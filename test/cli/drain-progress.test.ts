import stringWidth from 'string-width';
import { describe, expect, it } from 'vitest';
import { leftText, progressLine, waitEnd } from '../../src/cli/drain-progress.ts';
import type { DrainJob, DrainProgress } from '../../src/domain/drain.ts';
import type { ServerEntity } from '../../src/domain/model.ts';

const nothing: DrainProgress = {
  streamsAtStart: 0,
  streams: 0,
  tunnels: 0,
  sticky: 0,
  queued: 0,
  arrivals: 0,
  killed: 0,
};

function job(changes: Partial<DrainJob> = {}, progress: Partial<DrainProgress> = {}): DrainJob {
  return {
    server: 'web/app1',
    phase: 'draining',
    before: { admin: 'ready', weight: 100, overridden: false },
    startedAt: 1_000_000,
    deadlineAt: 0,
    then: 'wait',
    killRate: 10,
    by: 'anna',
    ...changes,
    progress: { ...nothing, ...progress },
  };
}

const server = { key: 'web/app1', admin: 'drain', adminBy: 'anna' } as unknown as ServerEntity;

describe('progress line', () => {
  it('says what is gone, what is left, how long it may take', () => {
    const line = progressLine(
      job({ deadlineAt: 1_262_000 }, { streamsAtStart: 41, streams: 3, tunnels: 2, estimateMs: 20_000 }),
      1_020_000,
    );
    expect(line).toBe(
      'web/app1 draining  38 of 41 gone ██████████████████▌  93 % · 3 left: 1 request, 2 tunnels · ~20 s · limit 4:02',
    );
  });

  it.each([
    [{ streams: 0 }, 'nothing left'],
    [{ streams: 1 }, '1 left: 1 request'],
    [{ streams: 2, tunnels: 2, sticky: 4, queued: 1 }, '7 left: 2 tunnels, 4 idle cookie clients, 1 queued'],
  ])('what is left of %j: %s', (progress, text) => expect(leftText(job({}, progress))).toBe(text));

  it('does not count below nothing', () => {
    expect(progressLine(job({}, { streamsAtStart: 5, streams: 9 }), 0)).toContain('0 of 5 gone');
  });

  it.each([200, 110, 80, 60, 40, 10, 1])('fits a terminal of %d columns', (columns) => {
    const line = progressLine(
      job(
        { deadlineAt: 1_262_000 },
        { streamsAtStart: 4_100, streams: 312, tunnels: 2, sticky: 22, arrivals: 226, estimateMs: 20_000 },
      ),
      1_020_000,
      columns,
    );
    expect(stringWidth(line)).toBeLessThan(columns);
    if (columns >= 60) expect(line).toMatch(/334 left.*limit 4:02/);
  });
});

describe('how waiting ends', () => {
  it.each([
    ['before the job is seen', undefined, undefined, undefined],
    ['while it drains', job({}, { streams: 3 }), undefined, undefined],
    ['while it kills', job({ phase: 'killing' }, { streams: 3 }), undefined, undefined],
    ['drained', job({ phase: 'drained', drainedAt: 1_004_000 }), undefined, 'done'],
    ['deadline passed, wait on', job({ phase: 'overdue' }, { streams: 3 }), undefined, 'deadline-passed'],
    [
      'deadline passed, maint',
      undefined,
      job({ deadlineAt: 1_050_000, then: 'maint' }, { streams: 3 }),
      'deadline-passed',
    ],
    [
      'given back long before the deadline',
      undefined,
      job({ deadlineAt: 1_090_000, then: 'ready' }),
      'refused',
    ],
    ['given back without a deadline', undefined, job(), 'refused'],
  ] as const)('%s', (_, now, last, ending) => {
    expect(waitEnd(now, last, server, 1_050_000)?.ending).toBe(ending);
  });

  it('says what remains when the deadline passed', () => {
    expect(waitEnd(job({ phase: 'overdue' }, { streams: 3, tunnels: 3 }), undefined, server, 0)?.text).toBe(
      'deadline passed for web/app1: 3 left: 3 tunnels; the drain goes on',
    );
  });
});
