import { describe, expect, it } from 'vitest';
import type { WeightedBackend } from '../../src/domain/plan.ts';
import { BackendRuntime } from '../../src/proxy/backend-runtime.ts';
import { RouteRuntime } from '../../src/proxy/bind-runtime.ts';
import { TimerWheel } from '../../src/proxy/timers.ts';
import { fakeClock } from './fake-clock.ts';
import { backendOf } from './plan-parts.ts';

const clock = fakeClock();
const context = { timers: new TimerWheel(clock), random: Math.random, wall: () => clock.now() };
const backends = new Map(
  ['shop', 'canary'].map((name) => [name, new BackendRuntime(context, backendOf(name, []))]),
);

function choices(to: readonly WeightedBackend[], count: number): (string | undefined)[] {
  const route = new RouteRuntime({ name: 'r', namespace: 'default', labels: {}, path: '/', to }, (name) =>
    backends.get(name),
  );
  return Array.from({ length: count }, () => route.choose()?.name);
}

describe('a route', () => {
  it.each<[readonly WeightedBackend[], string]>([
    [[{ backend: 'shop', weight: 100 }], 'shop shop'],
    [
      [
        { backend: 'shop', weight: 3 },
        { backend: 'canary', weight: 1 },
      ],
      'shop shop canary shop shop shop canary shop',
    ],
    [
      [
        { backend: 'shop', weight: 0 },
        { backend: 'canary', weight: 5 },
      ],
      'canary canary',
    ],
  ])('spreads its requests over %j', (to, expected) => {
    expect(choices(to, expected.split(' ').length).join(' ')).toBe(expected);
  });

  it('has no backend where no weight is above 0', () => {
    expect(choices([{ backend: 'shop', weight: 0 }], 2)).toEqual([undefined, undefined]);
  });
});
