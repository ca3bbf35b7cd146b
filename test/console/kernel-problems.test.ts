// What of the kernel's part is told on every screen, and how it looks on those that are about other things.

import { describe, expect, it } from 'vitest';
import { hopText, pathSpans } from '../../src/console/kernel-look.ts';
import type { BindEntity } from '../../src/domain/model.ts';
import { answerTo, manyConnections, oneInFull } from './connection-rows.ts';
import { kernelWorld, serviceWorld, usableKernel } from './kernel-worlds.ts';
import { consoleIn, middle, small } from './picture.ts';
import { settled } from './scripted-client.ts';
import { shardsWorld } from './shard-worlds.ts';
import { changeServer } from './worlds.ts';

const kernelBind: BindEntity = {
  name: ':5432',
  shard: 'default',
  address: '[::]:5432',
  mode: 'tcp',
  backend: 'db',
  maxConnections: 1_000,
  state: 'open',
  path: { by: 'kernel' },
};

async function problemsIn(model: ReturnType<typeof kernelWorld>): Promise<string> {
  const seat = await consoleIn(model, { columns: 160, rows: 24 });
  const line = seat.show().split('\n')[2]!;
  seat.console.dispose();
  return line;
}

describe('the problem line', () => {
  it('is calm while all is in force', async () => {
    const model = kernelWorld();
    model.bind.set(':5432', kernelBind);
    expect(await problemsIn(model)).toContain('all well');
  });

  it('tells of our table that could not be changed', async () => {
    const model = kernelWorld();
    model.kernel.set('kernel', { ...usableKernel, table: { state: 'failed', text: 'Message too long' } });
    expect(await problemsIn(model)).toContain('▼ nftables: our table could not be changed: Message too long');
  });

  it.each([
    ['relay', '▲ bind :5432 relays, not the kernel: it listens on loopback'],
    ['none', '▼ bind :5432 serves nobody: it listens on loopback'],
  ] as const)('tells of a path by %s', async (by, words) => {
    const model = kernelWorld();
    model.bind.set(':5432', { ...kernelBind, path: { by, why: 'it listens on loopback' } });
    expect(await problemsIn(model)).toContain(words);
  });

  it('tells of steering that fell back', async () => {
    const model = shardsWorld();
    const shard = model.shard.get('default')!;
    model.shard.set('default', { ...shard, steering: { ...shard.steering, why: 'nft is not there' } });
    expect(await problemsIn(model)).toContain('default: steered by hand-over, not nft: nft is not there');
  });

  it('tells of a service that is not translated', async () => {
    const model = serviceWorld();
    const service = model.server.get('shop/pods')!.service!;
    changeServer(model, 'shop/pods', { service: { ...service, inForce: { no: 'no CAP_NET_ADMIN' } } });
    expect(await problemsIn(model)).toContain('▼ service shop/pods is not translated: no CAP_NET_ADMIN');
  });
});

describe('who carries a bind', () => {
  it.each([
    [{ by: 'kernel' }, ' ⇢ kernel'],
    [{ by: 'relay', why: 'on loopback' }, ' ▲ relay (on loopback)'],
    [{ by: 'none' }, ' ▼ nobody'],
  ] as const)('%j', (path, words) => expect(pathSpans({ path })[0]!.text).toBe(words));

  it('stands in the Overview', async () => {
    const model = kernelWorld();
    model.bind.set(':5432', kernelBind);
    const seat = await consoleIn(model, middle);
    expect(seat.show()).toContain('[::]:5432 ⇢ kernel');
    seat.console.dispose();
  });
});

describe('how a shard is steered', () => {
  it('is told in its detail, and where it is not as wished', async () => {
    const model = shardsWorld();
    const shard = model.shard.get('default')!;
    model.shard.set('default', { ...shard, steering: { ...shard.steering, by: 'nft' } });
    const seat = await consoleIn(model, small);
    seat.press('5');
    seat.feed();
    expect(seat.show()).toContain('by nft');
    seat.press('enter');
    expect(seat.show()).toContain('nft: the kernel sends each address');
    model.shard.set('default', { ...shard, steering: { ...shard.steering, why: 'nft is not there' } });
    seat.client.changed();
    expect(seat.show()).toContain('▲ nft was wished: nft is not there');
    seat.console.dispose();
  });
});

describe('a connection that the kernel carries', () => {
  const { method: _m, host: _h, path: _p, status: _s, route: _r, ...row } = manyConnections[0]!;
  const carried = { ...row, id: 'k-1', bind: ':5432', mode: 'tcp', phase: 'tunnel', kernel: true } as const;
  const hop = {
    to: '10.96.0.10:80',
    endpoint: '10.1.0.5:8080',
    rule: 'inet sluice service_shop_pods',
    text: 'Service shop/pods, one of 2 endpoints',
  };

  it('is marked in the table, and its way goes on to the endpoint', async () => {
    const seat = await consoleIn(kernelWorld(), small);
    seat.press('2');
    seat.client.sendTable(answerTo(seat.client.queries.at(-1)!, undefined, [carried]));
    expect(seat.show()).toContain('⇢ kern');
    const { method, host, path, status, route, ...bare } = oneInFull;
    seat.client.details.set('k-1', {
      ...bare,
      ...carried,
      steps: [{ what: 'accept', atMs: 0, text: 'accepted' }],
      hop,
    });
    seat.press('enter');
    await settled();
    await expect(`${seat.show()}\n`).toMatchFileSnapshot('pictures/connection-kernel-80x24.txt');
    expect(seat.show()).toContain('nftables ⇢ 10.1.0.5:8080');
    expect(seat.show()).toContain('inet sluice service_shop_pods');
    expect(seat.show()).toContain('no process sees it');
    seat.console.dispose();
  });

  it('stands in words', () =>
    expect(hopText(hop)).toBe('10.96.0.10:80 → 10.1.0.5:8080: Service shop/pods, one of 2 endpoints'));
});
