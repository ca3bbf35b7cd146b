// The Shards screen: what is wrong first, three spreads kept apart, and its keys.

import { describe, expect, it } from 'vitest';
import { isUneven, servedBySpans, spreadBar, spreadScale } from '../../src/console/shard-look.ts';
import { slotCounts, slotOf } from '../../src/console/slots.ts';
import { consoleIn, middle } from './picture.ts';
import { addInstance, crowdedShardsWorld, shardsWorld, troubledShardsWorld } from './shard-worlds.ts';
import { bareWorld, noon } from './worlds.ts';

async function onShards(model = shardsWorld(), size = { columns: 80, rows: 24 }) {
  const seat = await consoleIn(model, size);
  seat.press('5');
  seat.feed();
  return seat;
}

type Seat = Awaited<ReturnType<typeof consoleIn>>;
const lineOf = (seat: Seat, words: RegExp) =>
  seat
    .show()
    .split('\n')
    .find((line) => words.test(line)) ?? '';
const footerOf = (seat: Seat) => seat.show().split('\n').at(-1)!;

describe('the bar of an instance', () => {
  const text = (value: number, values: readonly number[]) =>
    spreadBar(value, spreadScale(values), 12, false)
      .map((part) => part.text)
      .join('');

  it.each([
    [100, [100, 100], '████████'],
    [50, [50, 150], '████░░░░'],
    [150, [50, 150], '████████▓▓▓▓'],
    [300, [0, 0, 300], '████▓▓▓▓▓▓▓▓'],
    [0, [0, 0], ''],
  ])('of %d among %j is %s, without a colour', (value, values, bar) => expect(text(value, values)).toBe(bar));
});

describe('a spread', () => {
  // Of 119 clients in a row over three instances, as jhash puts them.
  it.each([
    ['54, 27, 38', 1.361, 1.135, false],
    ['far from chance', 1.49, 1.135, true],
  ])('of %s is called uneven: %s', (_, maxOverMean, chance, uneven) =>
    expect(isUneven({ maxOverMean, chance, items: 119, bins: 3 })).toBe(uneven),
  );
});

describe('who serves a route twice', () => {
  it.each([
    [20, '▲ default sharded'],
    [9, '▲ twice'],
  ])('in %d cells', (width, words) => {
    const route = troubledShardsWorld().route.get('both')!;
    expect(
      servedBySpans(route, width)
        .map(({ text }) => text)
        .join(''),
    ).toBe(words);
  });
});

describe('the slots of a shard', () => {
  const shard = shardsWorld().shard.get('default')!;

  it('are shared evenly', () => expect(slotCounts(shard)).toEqual([32_769, 32_768]));

  it('say who a client meets, always the same', () => {
    const slot = slotOf(shard, '10.2.0.7')!;
    expect(slot.of).toBe(65_537);
    expect(slot.owner).toMatch(/^default\/[12]$/);
    expect(slotOf(shard, '10.2.0.7')).toEqual(slot);
  });

  it('are not there where nothing is steered', () => {
    expect(slotOf({ ...shard, instances: 1 }, '10.2.0.7')).toBeUndefined();
    expect(slotOf(shard, 'unix')).toBeUndefined();
  });
});

describe('the Shards screen', () => {
  it('keeps the three spreads apart', async () => {
    const seat = await onShards();
    const shown = seat.show();
    const places = ['routes → shard', 'clients → instance', 'requests → server'].map((title) =>
      shown.indexOf(title),
    );
    expect(places).toEqual(places.toSorted((a, b) => a - b));
    expect(Math.min(...places)).toBeGreaterThan(0);
    expect(lineOf(seat, /^›default/)).toMatch(/4 {2}shop pay api status +!sharded/);
    expect(shown).toContain('default  evenness 1.01 (chance 1.03)');
    seat.console.dispose();
  });

  it('shows what is wrong before what is well', async () => {
    const seat = await onShards(troubledShardsWorld());
    const [, first, second, third] = seat.show().split('\n').slice(4);
    expect(first).toContain('▼ 1 served by no shard  lost');
    expect(second).toContain('▼ 1 refused  shop2 (HostAlreadyClaimed)');
    expect(third).toContain('▲ 1 served twice  both (default, sharded)');
    expect(seat.show()).toContain('▲ uneven 1.49 (chance 1.03)');
    expect(seat.show()).toContain('▼ crash 4×, 3 s');
    expect(seat.show()).toContain('◐ leaving 4:02');
    expect(seat.show()).toContain('▼ 1 of 2 serve');
    seat.console.dispose();
  });

  it('calls no shard uneven whose newcomer still fills', async () => {
    const model = troubledShardsWorld();
    addInstance(model, 'default', 3, { startedAt: noon - 60_000 });
    const seat = await onShards(model);
    expect(seat.show()).toContain('settling 1.49');
    expect(seat.show()).not.toContain('uneven');
    seat.console.dispose();
  });

  it('says what evens out a shard whose newcomer never filled', async () => {
    const hint = 'n renews, and clients come to their own';
    for (const [startedAt, isSaid] of [
      [noon - 600_000, true],
      [noon - 26 * 3_600_000, false],
    ] as const) {
      const model = troubledShardsWorld();
      for (const k of [1, 2, 3])
        addInstance(model, 'default', k, { startedAt: k === 3 ? startedAt : noon - 26 * 3_600_000 });
      const seat = await onShards(model);
      seat.press('j', 'j', 'j', 'enter');
      expect(seat.show()).toContain('▲ uneven 1.49');
      expect(seat.show().includes(hint)).toBe(isSaid);
      seat.console.dispose();
    }
  });

  it('scrolls with the cursor on its object, and the heading stays', async () => {
    const seat = await onShards(crowdedShardsWorld());
    for (let step = 0; step < 40; step += 1) seat.press('j');
    const lines = seat.show().split('\n');
    expect(lines[4]).toContain('clients → instance');
    expect(lines.filter((line) => line.startsWith('›'))).toHaveLength(1);
    expect(lines.at(-2)).toMatch(/─ ▾ \d+ more lines · █ to the mean/);
    seat.press('G');
    expect(seat.show()).not.toMatch(/more lines?/);
    expect(seat.show()).toContain('›pay  source');
    expect(seat.client.serversOf).toEqual([undefined]);
    seat.press('g');
    expect(lineOf(seat, /^›/)).toContain('shard1');
    seat.console.dispose();
  });

  it('opens what the cursor is on', async () => {
    const seat = await onShards(troubledShardsWorld());
    seat.press('enter');
    expect(seat.show()).toContain('1 match  orphaned');
    expect(lineOf(seat, /^›/)).toContain('lost.apps.example.com');
    seat.press('5', 'j', 'j', 'j', 'enter');
    expect(seat.show()).toContain('shard default  apps.example.com');
    expect(seat.show()).toContain('3 ≠, configured 2; by anna 1:00 ago');
    expect(seat.show()).toContain('21,846 slots');
    seat.press('G');
    expect(seat.show()).toContain('journal');
    seat.press('escape', 'G', 'enter');
    expect(seat.show()).toContain('3 Backends');
    expect(lineOf(seat, /^›|› /)).toContain('pay');
    seat.console.dispose();
  });

  it('tells of an instance that crashes why, and when it starts next', async () => {
    const seat = await onShards(troubledShardsWorld(), middle);
    for (let step = 0; step < 10; step += 1) seat.press('j');
    expect(lineOf(seat, /^›/)).toContain('sharded/2');
    seat.press('enter');
    expect(seat.show()).toMatch(/crashes +4 times in a row, next start in 0:03/);
    expect(seat.show()).toMatch(/told +exit code 70/);
    seat.console.dispose();
  });

  it('does not count the age of a process that is no more, and tells the plan of one that leaves', async () => {
    const model = troubledShardsWorld();
    const leaving = model.instance.get('default/2:4655')!;
    model.instance.set('default/2:4655', { ...leaving, planHash: 'bbcabbf7' });
    const seat = await onShards(model, middle);
    for (let step = 0; step < 10; step += 1) seat.press('j');
    seat.press('enter');
    expect(seat.show()).toMatch(/process +pid \d+, is no more/);
    seat.press('escape', 'g');
    while (!/^›default\/2 *◐/m.test(seat.show())) seat.press('j');
    seat.press('enter');
    expect(seat.show()).toMatch(/plan +bbca {2}≠ 7f3a in force/);
    seat.console.dispose();
  });

  it('names the other shards that serve a route, not its own', async () => {
    const model = troubledShardsWorld();
    const sharded = model.shard.get('sharded')!;
    model.shard.set('sharded', { ...sharded, routes: [...sharded.routes, 'both'] });
    const seat = await onShards(model, middle);
    for (const [shard, other] of [
      ['default', 'sharded'],
      ['sharded', 'default'],
    ] as const) {
      seat.press('escape', 'g');
      while (!new RegExp(`^›${shard} `, 'm').test(seat.show())) seat.press('j');
      seat.press('enter', 'G');
      expect(seat.show()).toMatch(new RegExp(`both .*also in ${other} *$`, 'm'));
    }
    seat.console.dispose();
  });

  it.each([
    [[{ backend: 'empty', weight: 1 }], '▼ no servers'],
    [[], '– unused'],
  ])('tells a backend without servers that is asked from one that is not', async (to, words) => {
    const model = shardsWorld();
    model.backend.set('empty', { ...model.backend.get('web')!, name: 'empty', servers: [] });
    model.route.set('media', { ...model.route.get('media')!, to });
    const seat = await onShards(model);
    seat.press('G');
    expect(lineOf(seat, /^.empty/)).toContain(words);
    seat.console.dispose();
  });

  it('says once which namespaces a shard takes', async () => {
    const model = shardsWorld();
    model.shard.set('default', { ...model.shard.get('default')!, namespaceSelector: 'tier=gold' });
    const seat = await onShards(model);
    seat.press('enter');
    expect(seat.show().match(/tier=gold/g)).toHaveLength(1);
    seat.console.dispose();
  });

  it('leads to the connections of an instance', async () => {
    const seat = await onShards();
    seat.press('j', 'j', 'c');
    expect(seat.client.queries.at(-1)).toMatchObject({ filter: 'instance=default/1' });
    seat.console.dispose();
  });

  it('renews a shard after a question', async () => {
    const seat = await onShards();
    seat.press('n');
    expect(seat.client.previews[0]!.value).toEqual({ kind: 'renew', shard: 'default' });
    await seat.client.previews[0]!.answer({ title: 'renew default', lines: [] });
    seat.press('enter');
    expect(seat.client.commands).toEqual([]);
    seat.press('n');
    await seat.client.previews[1]!.answer({ title: 'renew default', lines: [] });
    seat.press('y');
    expect(seat.client.commands[0]!.value).toEqual({ kind: 'renew', shard: 'default' });
    seat.console.dispose();
  });

  it('drops and writes back what was overridden, and only there', async () => {
    const seat = await onShards(troubledShardsWorld());
    seat.press('j', 'j', 'j');
    expect(footerOf(seat)).toContain('D as configured');
    seat.press('D');
    await seat.client.previews[0]!.answer({ title: 'reset', lines: [] });
    seat.press('y');
    expect(seat.client.commands[0]!.value).toEqual({ kind: 'reset-shape', drift: 'default:instances' });
    seat.press('W');
    await seat.client.previews[1]!.answer({ title: 'write', lines: [] });
    seat.press('y');
    expect(seat.client.commands[1]!.value).toEqual({ kind: 'write-back-shape', drift: 'default:instances' });
    seat.clock.advance(1_000);
    await seat.client.commands[0]!.answer({ result: 'done', seq: 1, text: 'done' });
    await seat.client.commands[1]!.answer({ result: 'done', seq: 2, text: 'done' });
    seat.press('j', 'D');
    expect(seat.show()).toContain('D as configured: sharded is as configured');
    seat.console.dispose();
  });

  it('drops and writes back the labels of a route', async () => {
    const seat = await consoleIn(troubledShardsWorld());
    seat.press('4');
    seat.feed();
    seat.press('/');
    seat.type('lost');
    seat.press('enter', 'D');
    expect(seat.show()).toContain('Drop the overridden labels of lost');
    await seat.client.previews[0]!.answer({ title: 'reset', lines: [] });
    seat.press('y');
    expect(seat.client.commands[0]!.value).toEqual({ kind: 'reset-shape', drift: 'lost:labels' });
    seat.console.dispose();
  });

  it.each([
    ['-', /somebody must serve/, 1],
    ['+', /64 instances: more it cannot have/, 64],
  ] as const)('says why %s cannot', async (key, why, instances) => {
    const model = shardsWorld();
    model.shard.set('default', { ...model.shard.get('default')!, instances });
    const seat = await onShards(model);
    seat.press(key);
    expect(seat.show()).toMatch(why);
    expect(seat.client.shardPlans).toEqual([]);
    seat.console.dispose();
  });

  it('changes nothing for a viewer, who may ask', async () => {
    const seat = await onShards();
    seat.client.attachTo({ state: 'live', since: noon, role: 'viewer', actor: 'otto' });
    for (const key of ['+', '-', 'n', 'D']) {
      seat.press(key);
      expect(seat.show()).toContain('otto has the role viewer here');
      seat.clock.advance(1_000);
    }
    seat.press('w', 'enter');
    expect(seat.client.shardPlans).toHaveLength(1);
    seat.console.dispose();
  });

  it('says what an engine without shards cannot', async () => {
    const model = bareWorld();
    const runtime = model.runtime.get('runtime')!;
    const no = 'this engine has one process: shards are its own configuration';
    model.runtime.set('runtime', {
      ...runtime,
      capabilities: { ...runtime.capabilities, shards: { no } },
    });
    const seat = await onShards(model);
    expect(seat.show()).toContain(no);
    seat.press('w');
    expect(seat.show()).toContain(`w what if: ${no}`);
    seat.console.dispose();
  });

  it('stands still while frozen, and is grey when stale', async () => {
    const seat = await onShards();
    seat.press('f');
    const before = seat.show().split('\n').slice(4, 15);
    seat.client.model.instance.delete('default/2');
    seat.client.changed();
    expect(seat.show().split('\n').slice(4, 15)).toEqual(before);
    seat.press('f');
    expect(seat.show()).toContain('▼ 1 of 2 serve');
    seat.client.attachTo({ state: 'waiting', since: noon, attempt: 1, retryAt: noon, reason: 'gone' });
    const { lines } = seat.console.frame({ columns: 80, rows: 24 });
    expect(lines[5]!.spans.every(({ tone }) => tone === 'stale')).toBe(true);
    seat.console.dispose();
  });
});

describe('other screens', () => {
  it('sample instances so that each tells of an imbalance, unless there are very many', async () => {
    const seat = await consoleIn(troubledShardsWorld());
    seat.press('7');
    expect([...seat.client.topics]).toContain('instances');
    seat.console.dispose();
    const many = await consoleIn(crowdedShardsWorld());
    many.press('7');
    expect([...many.client.topics]).not.toContain('instances');
    many.press('5');
    expect([...many.client.topics]).toContain('instances');
    many.console.dispose();
  });

  it('show shards on the Overview where there is more than one instance', async () => {
    const seat = await consoleIn(troubledShardsWorld());
    expect(lineOf(seat, /^ shard /)).toContain('share');
    expect(lineOf(seat, /^ sharded /)).toContain('▼ 1/2');
    seat.console.dispose();
  });

  it('show troubled shards first on an Overview that has no room for all, and no share of an unknown whole', async () => {
    const model = crowdedShardsWorld();
    addInstance(model, 'shard7', 3, { state: 'gone', crashes: 3, retryAt: noon + 1_000 });
    const seat = await consoleIn(model);
    const lines = seat.show().split('\n');
    const head = lines.findIndex((text) => text.startsWith(' shard '));
    expect(lines[head + 1]).toMatch(/^ shard7 .*▼ 15\/16/);
    expect(seat.show()).toContain('and 5 more shards: key 5');
    seat.console.dispose();
  });

  it('show in the detail of a route who serves it, and why not others', async () => {
    const seat = await consoleIn(troubledShardsWorld());
    seat.press('4', '/');
    seat.type('refused');
    seat.press('enter', 'enter');
    expect(seat.show()).toContain('▼ default refuses it: HostAlreadyClaimed');
    expect(seat.show()).toContain('no labels  namespace bank');
    seat.console.dispose();
  });
});
