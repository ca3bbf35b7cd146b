// Consoles that are cut, stalled and restarted under random acts: once it is quiet, what they show is what the runtime has.

import { describe, expect, it } from 'vitest';
import type { Command, Outcome } from '../../src/domain/command.ts';
import type { Model } from '../../src/domain/model.ts';
import type { Probe } from '../../src/runtime/checks/probe.ts';
import { backend, checkEverySecond, plan, scene, server } from '../runtime/fixture.ts';
import { route } from '../runtime/shape/shape-scene.ts';

function randomOf(seed: number): (below: number) => number {
  let state = seed * 2_654_435_761 + 1;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const inOrder = (model: Model) =>
  Object.fromEntries(Object.entries(model).map(([type, entities]) => [type, [...entities]]));

const servers = ['web/app1', 'web/app2', 'web/app3'] as const;

function commandOf(random: (below: number) => number): Command {
  const key = servers[random(servers.length)]!;
  switch (random(10)) {
    case 0:
      return {
        kind: 'drain',
        server: key,
        deadlineMs: random(3) * 1_000,
        then: (['wait', 'kill', 'maint', 'ready'] as const)[random(4)]!,
        killRate: 5,
      };
    case 1:
      return { kind: 'ready', server: key };
    case 2:
      return { kind: 'maint', server: key };
    case 3:
      return { kind: 'weight', server: key, weight: random(257) };
    case 4:
      return { kind: 'undo' };
    case 5:
      return { kind: 'reload' };
    case 6:
      return { kind: 'renew', shard: 'default' };
    case 7:
      return {
        kind: 'reshape',
        changes: [
          { kind: 'scale', shard: 'default', instances: 1 + random(4) },
          { kind: 'relabel', route: 'shop', labels: { a: random(2) === 0 ? null : 'b' } },
        ],
      };
    case 8:
      return { kind: 'reset-shape', drift: random(2) === 0 ? 'default:instances' : 'shop:labels' };
    default:
      return { kind: 'rollback', server: key };
  }
}

async function story(seed: number): Promise<void> {
  const random = randomOf(seed);
  const probe: Probe = async () =>
    random(3) === 0
      ? { code: 'L7STS', ok: false, status: 503, what: '503' }
      : { code: 'L7OK', ok: true, status: 200, what: '200' };
  const planOf = (count: number, first: number) =>
    plan({
      hash: `plan${count}${first}`.padEnd(12, '0'),
      routes: [route('shop')],
      backends: [
        backend({
          check: checkEverySecond,
          servers: Array.from({ length: count }, (_, index) => server(`app${((index + first) % count) + 1}`)),
        }),
      ],
    });
  const on = await scene({
    plan: planOf(3, 0),
    probe,
    reload: async () =>
      random(4) === 0
        ? { ok: false, errors: [{ message: 'wrong' }] }
        : { ok: true, plan: planOf(2 + random(3), random(3)) },
    limits: { dropSamplesAbove: 2_000, holdChangesAbove: 4_000, behindMs: 600_000 },
  });
  on.engine.traffic('web', 20);
  const consoles = [await on.console({ user: 'anna' }), await on.console({ user: 'ben' })];
  for (const { client } of consoles) client.samples(['totals', 'servers', 'instances'], 500, () => {});
  const outcomes: Promise<Outcome>[] = [];
  const asked: Command[] = [];

  for (let step = 0; step < 60; step++) {
    const console = consoles[random(consoles.length)]!;
    switch (random(9)) {
      case 0:
        console.pair.cut();
        break;
      case 1:
        console.pair.stall(random(2) === 0);
        break;
      case 2:
        if (random(4) === 0) await on.restart();
        break;
      case 3:
        await on.pass(200 * (1 + random(10)));
        break;
      case 4:
        // What is under way is cut in the middle.
        console.pair.flush(random(3));
        break;
      case 5:
        on.engine.open({ server: servers[random(3)]!, backend: 'web', phase: random(2) ? 'tunnel' : 'data' });
        break;
      default: {
        const command = commandOf(random);
        asked.push(command);
        outcomes.push(console.client.execute(command));
      }
    }
    if (random(2) === 0) await on.settle();
  }

  for (const { pair } of consoles) pair.stall(false);
  await on.pass(40_000);
  for (const { client, pair } of consoles) {
    pair.stall(false);
    expect(client.attach.state).toBe('live');
    expect(inOrder(client.model)).toEqual(inOrder(on.runtime.services.store.model));
  }
  // Every command has an outcome, whatever happened on the way.
  expect(
    (await Promise.all(outcomes)).every(({ result }) => ['done', 'refused', 'unknown'].includes(result)),
  ).toBe(true);
  // What the data plane was told is what the model says.
  for (const [key, { admin, weight, operational }] of on.runtime.services.store.model.server)
    expect(on.engine.wishes.get(key as (typeof servers)[number])).toEqual({
      server: key,
      admin,
      weight,
      operational,
    });
  await on.close();
}

describe('whatever happens to the attachments', () => {
  it.each(Array.from({ length: 25 }, (_, index) => index + 1))(
    "LN1: the console has the runtime's model at rest (seed %i)",
    (seed) => story(seed),
  );
});
