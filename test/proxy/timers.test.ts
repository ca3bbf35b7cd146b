import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Timer, TimerWheel, tickMs } from '../../src/proxy/timers.ts';
import { fakeClock } from './fake-clock.ts';

function wheel(start?: number) {
  const clock = fakeClock(start);
  return { clock, timers: new TimerWheel(clock) };
}

describe('the timer wheel', () => {
  it.each([1, tickMs, 50, 100, 12_800, 12_801, 60_000, 3_600_000])(
    'fires after %i ms: never early, at most a tick late, once',
    (ms) => {
      const { clock, timers } = wheel(1_013);
      const fired: number[] = [];
      timers.arm(new Timer(() => fired.push(clock.mono() - 1_013)), ms);
      clock.advance(ms - 0.5);
      expect(fired).toEqual([]);
      clock.advance(2 * tickMs);
      expect(fired).toHaveLength(1);
      expect(fired[0]).toBeGreaterThanOrEqual(ms);
      expect(fired[0]).toBeLessThanOrEqual(ms + 2 * tickMs);
    },
  );

  it('forgets the former deadline when armed again, later or earlier', () => {
    const { clock, timers } = wheel();
    const fired: number[] = [];
    const timer = new Timer(() => fired.push(clock.mono()));
    timers.arm(timer, 100);
    timers.arm(timer, 1_000);
    clock.advance(500);
    expect(fired).toEqual([]);
    timers.arm(timer, 50);
    clock.advance(100);
    expect(fired).toHaveLength(1);
    clock.advance(10_000);
    expect(fired).toHaveLength(1);
  });

  it('does not fire what was cancelled, and takes it again', () => {
    const { clock, timers } = wheel();
    let fired = 0;
    const timer = new Timer(() => {
      fired += 1;
    });
    timers.arm(timer, 100);
    expect(timer.armed).toBe(true);
    timers.cancel(timer);
    timers.cancel(timer);
    clock.advance(1_000);
    expect([fired, timer.armed]).toEqual([0, false]);
    timers.arm(timer, 100);
    clock.advance(1_000);
    expect(fired).toBe(1);
  });

  it('lets a timer that fires arm itself and cancel its neighbours', () => {
    const { clock, timers } = wheel();
    const fired: string[] = [];
    const neighbours = [0, 1, 2].map((index) => new Timer(() => fired.push(`neighbour ${index}`)));
    const periodic: Timer = new Timer(() => {
      fired.push('periodic');
      for (const neighbour of neighbours) timers.cancel(neighbour);
      if (fired.length < 3) timers.arm(periodic, 100);
    });
    for (const neighbour of neighbours) timers.arm(neighbour, 100);
    timers.arm(periodic, 100);
    clock.advance(1_000);
    expect(fired.filter((name) => name === 'periodic').length).toBeGreaterThan(0);
    expect(fired.at(-1)).toBe('periodic');
  });

  it('sleeps when nothing is armed', () => {
    const { clock, timers } = wheel();
    const timer = new Timer(() => {});
    expect(clock.pending).toBe(0);
    timers.arm(timer, 10);
    expect(clock.pending).toBe(1);
    clock.advance(1_000);
    expect(clock.pending).toBe(0);
  });

  it('catches up after the process was stopped for long', () => {
    const { clock, timers } = wheel();
    const fired: number[] = [];
    for (const ms of [100, 5_000, 20_000, 100_000]) timers.arm(new Timer(() => fired.push(ms)), ms);
    clock.jump(50_000);
    clock.advance(tickMs);
    expect(fired.toSorted((a, b) => a - b)).toEqual([100, 5_000, 20_000]);
    clock.advance(50_000);
    expect(fired.at(-1)).toBe(100_000);
  });

  it('fires each of many timers, armed and cancelled in any order, within a tick of its last deadline', () => {
    const step = fc.record({
      timer: fc.nat(9),
      ms: fc.oneof(fc.integer({ min: 0, max: 200 }), fc.integer({ min: 0, max: 40_000 })),
      cancel: fc.boolean(),
      advance: fc.nat(2_000),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const { clock, timers } = wheel();
        const due = new Map<number, number>();
        const all = Array.from(
          { length: 10 },
          (_, index) =>
            new Timer(() => {
              const deadline = due.get(index)!;
              expect(deadline).toBeDefined();
              expect(clock.mono()).toBeGreaterThanOrEqual(deadline);
              expect(clock.mono()).toBeLessThanOrEqual(deadline + 2 * tickMs);
              due.delete(index);
            }),
        );
        for (const { timer, ms, cancel, advance } of steps) {
          if (cancel) {
            timers.cancel(all[timer]!);
            due.delete(timer);
          } else {
            timers.arm(all[timer]!, ms);
            due.set(timer, clock.mono() + ms);
          }
          clock.advance(advance);
        }
        clock.advance(100_000);
        expect(due.size).toBe(0);
      }),
    );
  });
});
