import { describe, expect, it } from 'vitest';
import { BackendSet } from '../../src/proxy/backend-set.ts';
import { Waiter } from '../../src/proxy/queue.ts';
import type { ServerRuntime } from '../../src/proxy/server-runtime.ts';
import { TimerWheel } from '../../src/proxy/timers.ts';
import { fakeClock } from './fake-clock.ts';
import { backendOf, serverOf } from './plan-parts.ts';

function setUp() {
  const clock = fakeClock();
  const set = new BackendSet({ timers: new TimerWheel(clock), random: () => 0, wall: () => clock.now() });
  const told: string[] = [];
  const acquire = (backend: string) => {
    const waiter = new Waiter(
      {
        granted: ({ key }) => told.push(key),
        refused: (why) => told.push(why),
      },
      '10.0.0.1',
    );
    waiter.begin(undefined);
    return set.get(backend)!.acquire(waiter);
  };
  const plan = (...names: string[]) => {
    set.configure(names.map((name) => backendOf(name, [serverOf('one', { maxConnections: 1 })])));
    set.refresh();
  };
  return { set, told, acquire, plan, names: () => [...set.all()].map(({ name }) => name) };
}

describe('the backends of a plane', () => {
  it('keep what they carry over plans, in the order of the plan', () => {
    const { set, acquire, plan, names } = setUp();
    plan('a', 'b');
    acquire('a');
    const a = set.get('a');
    plan('b', 'c', 'a');
    expect([set.get('a') === a, a?.streams, names()]).toEqual([true, 1, ['b', 'c', 'a']]);
  });

  it('are known until their last stream has ended, and come back as they were', () => {
    const { set, acquire, plan, names } = setUp();
    plan('a', 'b');
    const server = acquire('a') as ServerRuntime;
    plan('b');
    set.forgetEnded();
    expect([set.get('a'), names()]).toEqual([undefined, ['b', 'a']]);
    plan('b', 'a');
    expect([set.get('a')?.streams, set.server('a/one') === server]).toEqual([1, true]);
    plan('b');
    server.release();
    set.forgetEnded();
    expect(names()).toEqual(['b']);
  });

  it('refuse who waits when they leave, not before the whole plan is taken over', () => {
    const { set, acquire, plan, told } = setUp();
    plan('a');
    acquire('a');
    expect(acquire('a')).toBe('queued');
    set.configure([]);
    expect(told).toEqual([]);
    set.refresh();
    expect(told).toEqual(['none']);
  });

  it('pass over wishes for servers they do not have', () => {
    const { set, plan } = setUp();
    plan('a');
    const wish = (server: `${string}/${string}`) =>
      ({ server, admin: 'drain', operational: 'up', weight: 3 }) as const;
    const touched = set.wish([wish('a/one'), wish('a/two'), wish('b/one'), wish('/')]);
    expect([...touched].map(({ name }) => name)).toEqual(['a']);
    expect(set.server('a/one')).toMatchObject({ admin: 'drain', operational: 'up', weight: 3 });
  });
});
