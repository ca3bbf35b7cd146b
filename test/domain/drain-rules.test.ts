import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { drainQuietMs } from '../../src/domain/drain.ts';
import {
  type DrainAct,
  type DrainOrder,
  type DrainRun,
  type DrainSeen,
  resumeDrain,
  startDrain,
  stepDrain,
} from '../../src/domain/drain-rules.ts';

const order: DrainOrder = {
  server: 'web/app1',
  before: { admin: 'ready', weight: 50, overridden: true },
  deadlineMs: 60_000,
  then: 'wait',
  killRate: 10,
  by: 'anna',
};
const nothing = { streams: 0, tunnels: 0, sticky: 0, queued: 0, arrivals: 0, lastArrivalAt: 0 };
const start = 1_000_000;

function begin(change: Partial<DrainOrder> = {}, streams = 10): DrainRun {
  return startDrain({ ...order, ...change }, start, { ...nothing, streams });
}

/** Steps at the given seconds after the start; answers the last run and every act that was asked for. */
function play(run: DrainRun, steps: readonly (Partial<DrainSeen> & { at: number })[]) {
  const acts: DrainAct[] = [];
  for (const { at, ...seen } of steps) {
    const stepped = stepDrain(run, { ...nothing, ...seen, now: start + at * 1_000 });
    run = stepped.run;
    if (stepped.act.act !== 'none') acts.push(stepped.act);
  }
  return { run, job: run.job, acts };
}

describe('a drain job', () => {
  it('begins with what was there', () => {
    expect(begin().job).toEqual({
      server: 'web/app1',
      phase: 'draining',
      before: { admin: 'ready', weight: 50, overridden: true },
      startedAt: start,
      deadlineAt: start + 60_000,
      then: 'wait',
      killRate: 10,
      by: 'anna',
      progress: { streamsAtStart: 10, streams: 10, tunnels: 0, sticky: 0, queued: 0, arrivals: 0, killed: 0 },
    });
    expect(begin({ deadlineMs: 0 }).job.deadlineAt).toBe(0);
  });

  it.each([
    ['nothing left, nothing came', {}, 'drained'],
    ['a stream', { streams: 1 }, 'draining'],
    ['a tunnel', { streams: 1, tunnels: 1 }, 'draining'],
    ['an idle cookie client', { sticky: 1 }, 'draining'],
    ['one queued', { queued: 1 }, 'draining'],
    ['an arrival a moment ago', { lastArrivalAt: start + 8_000 }, 'draining'],
    ['an arrival just long enough ago', { lastArrivalAt: start + 7_000 }, 'drained'],
    ['arrivals counted', { arrivals: 1 }, 'draining'],
    ['an arrival stamped ahead of our clock', { lastArrivalAt: start + 11_000 }, 'draining'],
  ] as const)('with %s is (after 10 s) %o %s', (_, seen, phase) => {
    const { job, acts } = play(begin(), [{ at: 10, ...seen }]);
    expect(job.phase).toBe(phase);
    expect(job.drainedAt).toBe(phase === 'drained' ? start + 10_000 : undefined);
    expect(acts).toEqual([]);
  });

  it('goes back to draining on an arrival, and is drained again later', () => {
    const once = play(begin(), [{ at: 5 }, { at: 6 }]);
    expect(once.job).toMatchObject({ phase: 'drained', drainedAt: start + 5_000 });
    const again = play(once.run, [{ at: 7, streams: 1, lastArrivalAt: start + 7_000, arrivals: 1 }]);
    expect(again.job.phase).toBe('draining');
    expect(again.job.drainedAt).toBeUndefined();
    expect(play(again.run, [{ at: 11, lastArrivalAt: start + 7_000 }]).job).toMatchObject({
      phase: 'drained',
      drainedAt: start + 11_000,
    });
  });

  it.each([
    ['wait', 'overdue', []],
    ['maint', 'overdue', [{ act: 'maint' }]],
    ['ready', 'overdue', [{ act: 'rollback' }]],
    ['kill', 'killing', [{ act: 'kill', count: 1 }]],
  ] as const)('at its deadline with something left: %s', (then, phase, acts) => {
    const before = play(begin({ then }), [{ at: 59.9, streams: 1 }]);
    expect(before.job.phase).toBe('draining');
    expect(before.acts).toEqual([]);
    const after = play(before.run, [
      { at: 60, streams: 1 },
      { at: 60.05, streams: 1 },
    ]);
    expect(after.job.phase).toBe(phase);
    expect(after.acts).toEqual(acts);
  });

  it('does nothing at its deadline when drained', () => {
    const { job, acts } = play(begin({ then: 'maint' }), [{ at: 30 }, { at: 61 }]);
    expect(job.phase).toBe('drained');
    expect(acts).toEqual([]);
  });

  it('asks again after a restart for what it may not have got', () => {
    const { job } = play(begin({ then: 'maint' }), [{ at: 61, streams: 1 }]);
    expect(play(resumeDrain(job), [{ at: 62, streams: 1 }]).acts).toEqual([{ act: 'maint' }]);
  });

  it('is not drained after a restart until that is found again', () => {
    const { job } = play(begin({ then: 'maint' }), [{ at: 30 }]);
    expect(job).toMatchObject({ phase: 'drained', drainedAt: expect.any(Number) });
    const resumed = resumeDrain(job).job;
    expect(resumed.phase).toBe('draining');
    expect(resumed).not.toHaveProperty('drainedAt');
  });

  it('kills at a steady pace, counts what the engine confirmed, and is drained at the end', () => {
    const steps = Array.from({ length: 16 }, (_, index) => ({
      at: 60 + index * 0.2,
      streams: Math.max(0, 20 - 2 * index),
      killed: index === 0 ? 0 : Math.min(2, Math.max(0, 22 - 2 * index)),
    }));
    const { job, acts } = play(begin({ then: 'kill' }, 20), steps);
    expect(acts.slice(0, 4)).toEqual([
      { act: 'kill', count: 1 },
      { act: 'kill', count: 2 },
      { act: 'kill', count: 2 },
      { act: 'kill', count: 2 },
    ]);
    expect(job.phase).toBe('drained');
    expect(job.progress.killed).toBe(20);
  });

  it('makes no burst after a pause', () => {
    const { acts } = play(begin({ then: 'kill' }, 500), [
      { at: 60, streams: 500 },
      { at: 90, streams: 499 },
    ]);
    expect(acts).toEqual([
      { act: 'kill', count: 1 },
      { act: 'kill', count: 5 },
    ]);
  });
});

describe('the estimate of a drain job', () => {
  const declining = Array.from({ length: 11 }, (_, second) => ({ at: second, streams: 100 - 5 * second }));

  it('comes from the pace that was seen', () => {
    expect(play(begin({}, 100), declining).job.progress.estimateMs).toBe(10_000);
  });

  it.each([
    ['tunnels end only when a peer ends them', declining.map((step) => ({ ...step, tunnels: 1 }))],
    ['too little was seen', declining.slice(0, 3)],
    ['nothing gets less', declining.map(({ at }) => ({ at, streams: 10 }))],
    ['it grows', declining.map(({ at }) => ({ at, streams: 10 + at }))],
  ])('is not made where %s', (_, steps) =>
    expect(play(begin({}, 100), steps).job.progress.estimateMs).toBeUndefined(),
  );

  it('is the rest of the quiet time once nothing is left', () => {
    const { job } = play(begin(), [{ at: 10, lastArrivalAt: start + 9_000, arrivals: 1 }]);
    expect(job.progress.estimateMs).toBe(2_000);
  });

  it('is the pace of the killing, whatever is left', () => {
    const { job } = play(begin({ then: 'kill' }), [{ at: 60, streams: 45, tunnels: 45, sticky: 5 }]);
    expect(job.progress.estimateMs).toBe(5_000);
  });
});

describe('whatever happens', () => {
  const count = fc.nat(5);
  const step = fc.record({
    elapsed: fc.integer({ min: 0, max: 4_000 }),
    streams: count,
    sticky: count,
    queued: count,
    tunnelShare: fc.double({ min: 0, max: 1, noNaN: true }),
    arrivedAgo: fc.option(fc.nat(10_000)),
  });
  const then = fc.constantFrom('wait' as const, 'kill' as const, 'maint' as const, 'ready' as const);
  const killRate = fc.integer({ min: 1, max: 50 });

  it('drained means nothing left and quiet; acts come only after the deadline, kills keep their pace', () => {
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 40 }),
        then,
        killRate,
        fc.nat(20_000),
        (steps, then, killRate, deadlineMs) => {
          let run = begin({ then, killRate, deadlineMs });
          let now = start;
          let kills = 0;
          let settled = 0;
          for (const { elapsed, tunnelShare, arrivedAgo, ...counts } of steps) {
            now += elapsed;
            const lastArrivalAt = arrivedAgo === null ? 0 : now - arrivedAgo;
            const arrivals = arrivedAgo !== null && arrivedAgo < drainQuietMs ? 1 : 0;
            const tunnels = Math.floor(counts.streams * tunnelShare);
            const stepped = stepDrain(run, { now, ...counts, tunnels, arrivals, lastArrivalAt });
            run = stepped.run;
            const { job } = run;
            const empty = counts.streams + counts.sticky + counts.queued === 0;
            const overdue = deadlineMs > 0 && now >= start + deadlineMs;
            expect(job.phase === 'drained').toBe(empty && arrivals === 0);
            expect(job.drainedAt !== undefined).toBe(job.phase === 'drained');
            if (!overdue) expect(stepped.act).toEqual({ act: 'none' });
            if (stepped.act.act === 'kill') {
              expect(then).toBe('kill');
              expect(stepped.act.count).toBeLessThanOrEqual(counts.streams + counts.sticky);
              kills += stepped.act.count;
            } else if (stepped.act.act !== 'none') settled++;
            expect(kills).toBeLessThanOrEqual(
              1 + Math.ceil(((now - start) * killRate) / 1_000) + killRate / 2,
            );
            expect(settled).toBeLessThanOrEqual(1);
            expect(job.before).toEqual(order.before);
            expect(job.progress.estimateMs ?? 0).toBeGreaterThanOrEqual(0);
          }
        },
      ),
    );
  });
});
