// The screens as drawn pictures (test/console/pictures): a change of how one looks shows in a review.

import { describe, expect, it } from 'vitest';
import type { Size } from '../../src/console/console.ts';
import { emptyModel, type MutableModel } from '../../src/domain/model.ts';
import { answerTo, oneInFull } from './connection-rows.ts';
import { consoleIn, large, middle, small } from './picture.ts';
import { settled } from './scripted-client.ts';
import {
  crowdedShardsWorld,
  relabelled,
  scaledTo3,
  shardsWorld,
  tracedShop,
  troubledShardsWorld,
} from './shard-worlds.ts';
import { preflightOf, tlsWorld, troubledTlsWorld, unsafePreflight } from './tls-worlds.ts';
import { bareWorld, brokenWorld, changeServer, crowdedWorld, drainOfPg1, noon, wellWorld } from './worlds.ts';

const sizes: readonly (readonly [name: string, size: Size])[] = [
  ['60x15', { columns: 60, rows: 15 }],
  ['80x24', small],
  ['120x40', middle],
  ['200x60', large],
];
const worlds: readonly (readonly [name: string, world: () => MutableModel])[] = [
  ['well', wellWorld],
  ['broken', brokenWorld],
  ['crowded', crowdedWorld],
];

type Seat = Awaited<ReturnType<typeof consoleIn>>;

async function expectPicture(name: string, seat: Seat): Promise<void> {
  await expect(`${seat.show()}\n`).toMatchFileSnapshot(`pictures/${name}.txt`);
  seat.console.dispose();
}

function answered(seat: Seat): void {
  seat.client.sendTable(answerTo(seat.client.queries.at(-1)!, seat.clock.now()));
}

describe.each(sizes)('at %s', (sizeName, size) => {
  describe.each(worlds)('in a world that is %s', (worldName, world) => {
    it('draws the Overview', async () => {
      await expectPicture(`overview-${worldName}-${sizeName}`, await consoleIn(world(), size));
    });

    it('draws the Backends', async () => {
      const seat = await consoleIn(world(), size);
      seat.press('3', 'j', 'j');
      seat.feed();
      await expectPicture(`backends-${worldName}-${sizeName}`, seat);
    });
  });

  it('draws the Connections', async () => {
    const seat = await consoleIn(wellWorld(), size);
    seat.press('2');
    answered(seat);
    seat.press('j', 'space');
    await expectPicture(`connections-${sizeName}`, seat);
  });

  it('draws the Journal', async () => {
    const seat = await consoleIn(brokenWorld(), size);
    seat.press('7', 'j');
    await expectPicture(`journal-${sizeName}`, seat);
  });

  it('draws one connection in full', async () => {
    const seat = await consoleIn(wellWorld(), size);
    seat.press('2');
    answered(seat);
    seat.client.details.set(oneInFull.id, oneInFull);
    seat.press('enter');
    await settled();
    await expectPicture(`connection-${sizeName}`, seat);
  });

  it('draws the Routes', async () => {
    const seat = await consoleIn(troubledTlsWorld(), size);
    seat.press('4', 'j');
    seat.feed();
    await expectPicture(`routes-${sizeName}`, seat);
  });

  it('draws one route in full', async () => {
    const seat = await consoleIn(troubledTlsWorld(), size);
    seat.press('4', 'enter');
    seat.feed();
    await expectPicture(`route-${sizeName}`, seat);
  });

  it('draws the Shards', async () => {
    const seat = await consoleIn(troubledShardsWorld(), size);
    seat.press('5', 'j', 'j', 'j');
    seat.feed();
    await expectPicture(`shards-${sizeName}`, seat);
  });

  it('draws one shard in full', async () => {
    const seat = await consoleIn(troubledShardsWorld(), size);
    seat.press('5', 'j', 'j', 'j', 'enter');
    seat.feed();
    await expectPicture(`shard-${sizeName}`, seat);
  });

  it('draws what if there were another instance', async () => {
    const seat = await consoleIn(shardsWorld(), size);
    seat.press('5');
    seat.feed();
    seat.press('+');
    await seat.client.shardPlans[0]!.answer(scaledTo3);
    await expectPicture(`what-if-scale-${sizeName}`, seat);
  });

  it('draws what if a route were relabelled, badly', async () => {
    const seat = await consoleIn(shardsWorld(), size);
    seat.press('4');
    seat.feed();
    seat.press('w');
    seat.type('sharded=true');
    seat.press('enter');
    await seat.client.shardPlans[0]!.answer(relabelled);
    await expectPicture(`what-if-relabel-${sizeName}`, seat);
  });

  it('draws the trace of a request', async () => {
    const seat = await consoleIn(shardsWorld(), size);
    seat.press('4', 'T', 'enter');
    await seat.client.traces[0]!.answer(tracedShop);
    await expectPicture(`trace-${sizeName}`, seat);
  });

  it('draws the Certificates', async () => {
    const seat = await consoleIn(troubledTlsWorld(), size);
    seat.press('8', 'j');
    await expectPicture(`certificates-${sizeName}`, seat);
  });

  it('draws one certificate in full', async () => {
    const seat = await consoleIn(troubledTlsWorld(), size);
    seat.press('8', 'j', 'enter');
    await expectPicture(`certificate-${sizeName}`, seat);
  });

  it('draws the switch of a TLS mode, which is unsafe', async () => {
    const seat = await consoleIn(tlsWorld(), size);
    seat.press('4', 't', 'enter');
    seat.client.preflights[0]!.send(unsafePreflight);
    seat.press('up');
    seat.type('sho');
    await expectPicture(`switch-unsafe-${sizeName}`, seat);
  });

  it('draws one server in full', async () => {
    const seat = await consoleIn(brokenWorld(), size);
    seat.press('3', 'j', 'j', 'j', 'enter');
    seat.feed();
    await expectPicture(`server-${sizeName}`, seat);
  });
});

describe('what lies over a screen', () => {
  it('draws the question before a drain', async () => {
    const seat = await consoleIn(brokenWorld());
    seat.press('3', 'j');
    seat.feed();
    seat.press('d');
    await seat.client.previews[0]!.answer({
      title: 'Drain web/app1',
      lines: [
        { tone: 'now', text: '101 connections: 88 idle keep-alive, 11 with a request, 2 tunnels' },
        { tone: 'then', text: 'new clients go to app2 alone: 602 → 1,204 req/s, 2.0 × its load now' },
        { tone: 'then', text: '~40 clients with a cookie for app1 still arrive until they leave' },
        { tone: 'warning', text: 'app3 is down: draining app1 leaves 1 of 3 servers' },
      ],
    });
    await expectPicture('dialog-drain', seat);
  });

  it('draws the question for a weight', async () => {
    const seat = await consoleIn(wellWorld());
    seat.press('3', 'j', 'w', 'backspace');
    await expectPicture('dialog-weight', seat);
  });

  it('draws the question before a write-back, with the line of the file as it will be', async () => {
    const seat = await consoleIn(brokenWorld());
    seat.press('3', 'j', 'j', 'j', 'j', 'j', 'j');
    seat.feed();
    seat.press('W');
    await seat.client.previews[0]!.answer({
      title: 'write back api/api2',
      from: { admin: 'ready', weight: 50 },
      lines: [
        { tone: 'now', text: 'api/api2 is ready, weight 50; configured: ready, weight 100' },
        {
          tone: 'now',
          text: '/etc/sluice/sluice.yaml:31: - { name: api2, address: 10.1.0.6:8080, weight: 100 }',
        },
        {
          tone: 'then',
          text: '/etc/sluice/sluice.yaml:31: - { name: api2, address: 10.1.0.6:8080, weight: 50 }',
        },
        {
          tone: 'then',
          text: "what runs stays as it is, and is the configuration's own: no override of anna any more",
        },
      ],
    });
    await expectPicture('dialog-write-back', seat);
  });

  it('draws the choice of a TLS mode', async () => {
    const seat = await consoleIn(tlsWorld());
    seat.press('4', 't', 'down');
    await expectPicture('switch-mode', seat);
  });

  it('draws a preflight under way, and one that is done', async () => {
    const seat = await consoleIn(tlsWorld());
    seat.press('4', 't', 'enter');
    const { findings } = preflightOf;
    seat.client.preflights[0]!.send({
      ...preflightOf,
      findings: findings.slice(0, 2),
      pending: 2,
      verdict: 'running',
    });
    await expect(`${seat.show()}\n`).toMatchFileSnapshot('pictures/switch-running.txt');
    seat.client.preflights[0]!.send(preflightOf);
    await expectPicture('switch-safe', seat);
  });

  it('draws the choice of a what-if, with a mistake in it', async () => {
    const seat = await consoleIn(shardsWorld());
    seat.press('5', 'w', 'down', 'down');
    seat.type(',tier in (a');
    await expectPicture('what-if-choose', seat);
  });

  it('draws the question of a trace', async () => {
    const seat = await consoleIn(shardsWorld());
    seat.press('4', 'T');
    await expectPicture('trace-question', seat);
  });

  it('draws the Overview of two shards, and eight shards of sixteen instances', async () => {
    const two = await consoleIn(shardsWorld());
    await expectPicture('overview-shards', two);
    const seat = await consoleIn(crowdedShardsWorld());
    seat.press('5', 'pagedown', 'pagedown');
    seat.feed();
    await expectPicture('shards-crowded', seat);
  });

  it('draws the palette', async () => {
    const seat = await consoleIn(brokenWorld());
    seat.press(':');
    seat.type('app');
    await expectPicture('palette', seat);
  });

  it('draws the help', async () => {
    const seat = await consoleIn(brokenWorld(), { columns: 80, rows: 106 });
    seat.press('2', '?');
    await expectPicture('help', seat);
  });

  it('draws a filter with a mistake in it', async () => {
    const seat = await consoleIn(wellWorld());
    seat.press('2');
    answered(seat);
    seat.press('/');
    seat.type('backend=web agge>10s');
    await expectPicture('filter', seat);
  });
});

describe('what has gone wrong', () => {
  it('draws drains that are late, and that end what is left', async () => {
    const model = brokenWorld();
    const late = { ...drainOfPg1, startedAt: noon - 400_000, deadlineAt: noon - 100_000 };
    model.drain.set('db/pg1', { ...late, phase: 'overdue' });
    model.drain.set('api/api1', {
      ...late,
      server: 'api/api1',
      then: 'kill',
      phase: 'killing',
      progress: { ...late.progress, streamsAtStart: 312, streams: 200, sticky: 12, killed: 112 },
    });
    changeServer(model, 'api/api1', { admin: 'drain', adminBy: 'anna', adminSince: noon - 400_000 });
    const seat = await consoleIn(model);
    seat.press('3');
    seat.feed();
    await expectPicture('backends-overdue', seat);
  });

  it('draws what was last seen, for good, where the attachment is closed', async () => {
    const seat = await consoleIn(troubledTlsWorld());
    seat.press('4');
    seat.feed();
    const reason = 'the runtime speaks protocol 3, this console 1 to 2';
    seat.client.attachTo({ state: 'closed', reason, code: 'incompatible' });
    seat.press('t');
    await expectPicture('routes-closed', seat);
  });
});

describe('what is not there', () => {
  it('draws Routes and Certificates without any', async () => {
    const seat = await consoleIn(bareWorld(), small, false);
    seat.press('4');
    await expect(`${seat.show()}\n`).toMatchFileSnapshot('pictures/routes-empty.txt');
    seat.press('8');
    await expectPicture('certificates-empty', seat);
  });

  it('draws an Overview before anything is known', async () => {
    const seat = await consoleIn(emptyModel(), small, false);
    seat.client.attachTo({ state: 'connecting', since: noon });
    await expectPicture('overview-unknown', seat);
  });

  it('draws an Overview without backends', async () => {
    await expectPicture('overview-empty', await consoleIn(bareWorld(), small, false));
  });

  it('draws Backends without backends', async () => {
    const seat = await consoleIn(bareWorld(), small, false);
    seat.press('3');
    await expectPicture('backends-empty', seat);
  });

  it('draws what was last seen, with its age, while it reconnects', async () => {
    const seat = await consoleIn(brokenWorld());
    seat.press('3');
    seat.feed();
    seat.clock.advance(4_000);
    seat.client.attachTo({
      state: 'waiting',
      since: seat.clock.now(),
      attempt: 3,
      retryAt: seat.clock.now() + 2_000,
      reason: 'nobody listens at unix:/run/sluice/control.sock',
    });
    await expectPicture('backends-stale', seat);
  });

  it('draws the charts alone where there is no room beside the tables', async () => {
    const seat = await consoleIn(wellWorld());
    seat.press('c');
    await expectPicture('overview-charts-80x24', seat);
  });
});
