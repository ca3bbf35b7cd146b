import { beforeEach, describe, expect, it } from 'vitest';
import type { Clock } from '../../../src/domain/clock.ts';
import { createPace, type Pace } from '../../../src/ui/terminal/pace.ts';

let time: number;
let timers: { at: number; run: () => void }[];
let drawn: number[];
let behind: boolean;

const clock: Clock = {
  now: () => time,
  after(ms, run) {
    const timer = { at: time + ms, run };
    timers.push(timer);
    return () => {
      timers = timers.filter((other) => other !== timer);
    };
  },
};

function passTo(end: number): void {
  for (;;) {
    const next = timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
    if (next === undefined) break;
    timers = timers.filter((timer) => timer !== next);
    time = Math.max(time, next.at);
    next.run();
  }
  time = end;
}

function start(slow = false): Pace {
  const pace = createPace({ clock, draw: () => drawn.push(time), isBehind: () => behind, slow });
  pace.changed();
  passTo(0);
  drawn = [];
  return pace;
}

beforeEach(() => {
  time = 0;
  timers = [];
  drawn = [];
  behind = false;
});

/** `changed` every 10 ms. */
function change(pace: Pace, from: number, to: number): void {
  for (let at = from; at <= to; at += 10) {
    passTo(at);
    pace.changed();
  }
}

describe('when to draw', () => {
  it('draws what changes four times a second', () => {
    change(start(), 0, 1_000);
    expect(drawn).toEqual([250, 500, 750, 1_000]);
  });

  it('draws once a second on a slow line', () => {
    change(start(true), 0, 3_000);
    expect(drawn).toEqual([1_000, 2_000, 3_000]);
  });

  it('draws at rest too, so that ages move', () => {
    start();
    passTo(2_500);
    expect(drawn).toEqual([1_000, 2_000]);
  });

  it('answers a key at once, and ten times a second for a while', () => {
    const pace = start();
    passTo(160);
    pace.acted();
    expect(drawn).toEqual([160]);
    change(pace, 170, 1_500);
    expect(drawn.slice(0, 4)).toEqual([160, 260, 360, 460]);
    expect(drawn.filter((at) => at > 1_260).length).toBeLessThan(3);
  });

  it('draws many keys in one picture', () => {
    const pace = start();
    passTo(500);
    for (let turn = 0; turn < 50; turn++) pace.acted();
    passTo(600);
    expect(drawn).toEqual([500, 600]);
  });

  it('draws nothing into a terminal that does not read, and the present as soon as it does', () => {
    const pace = start();
    behind = true;
    change(pace, 0, 2_000);
    pace.acted();
    expect(drawn).toEqual([]);
    behind = false;
    pace.caughtUp();
    expect(drawn).toEqual([2_000]);
    change(pace, 2_000, 2_500);
    expect(drawn.length).toBeGreaterThan(1);
  });

  it('draws nothing after the end', () => {
    const pace = start();
    pace.changed();
    pace.stop();
    pace.changed();
    pace.acted();
    passTo(5_000);
    expect(drawn).toEqual([]);
    expect(timers).toEqual([]);
  });
});
