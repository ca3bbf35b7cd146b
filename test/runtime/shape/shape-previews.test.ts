import { afterEach, describe, expect, it } from 'vitest';
import type { Command } from '../../../src/domain/command.ts';
import { route, type ShapeScene, scaleTo, shapeScene, shopToSharded, twoShards } from './shape-scene.ts';

let on: ShapeScene;
afterEach(() => on?.close());

/** Of `count` addresses one connection each. */
function clients(count: number): void {
  for (let i = 0; i < count; i++)
    on.engine.open({ client: `10.0.${i >> 8}.${i & 255}:40000`, bind: ':80', backend: 'web' });
}

async function lines(command: Command): Promise<string[]> {
  return (await on.preview(command)).lines.map(({ tone, text }) => `${tone}: ${text}`);
}

describe('the preview of a change of shape', () => {
  it('says how many clients go to another instance', async () => {
    on = await shapeScene();
    clients(400);
    const told = await lines(scaleTo(4));
    expect(told.slice(0, 2)).toEqual([
      'now: default: 2 instances, 400 clients seen in the last 60 s',
      'then: default: 2 → 4 instances',
    ]);
    const [, moved, share] = /^then: (\d+) of 400 clients seen go to another instance .* \((\d+) %\)$/.exec(
      told[2]!,
    )!;
    expect(Number(moved)).toBeGreaterThan(150);
    expect(Number(moved)).toBeLessThan(250);
    expect(Number(share)).toBe(Math.round(Number(moved) / 4));
    expect(told).toHaveLength(3);
    expect(on.engine.calls).not.toContain('apply');
  });

  it('says what becomes of the connections of those that leave', async () => {
    on = await shapeScene();
    clients(100);
    await on.pass(200);
    const open = [...on.engine.processes.all].length;
    expect(open).toBe(3);
    const told = await lines(scaleTo(1));
    expect(told.find((line) => line.includes('leaves'))).toMatch(
      /^then: default\/2 leaves with \d+ open connections: connections that are open there may finish; what is left after 1 s is ended$/,
    );
    expect(told.at(-1)).toMatch(
      /^warning: the busiest instance of default would have 100 of the clients seen/,
    );
  });

  it('says where nobody was seen', async () => {
    on = await shapeScene();
    expect(await lines(scaleTo(3))).toContain(
      "then: no client was seen lately; 33 % of the table's slots go to another instance",
    );
  });

  it('says where a route goes, and warns where it is served by nobody', async () => {
    on = await shapeScene();
    expect(await lines(shopToSharded)).toEqual([
      'then: shop: no label sharded → sharded=true',
      'then: shop moves from default to sharded: open connections finish where they are',
    ]);
    const nowhere: Command = {
      kind: 'reshape',
      changes: [{ kind: 'select', shard: 'default', routeSelector: { matchLabels: { tier: 'none' } } }],
    };
    expect(await lines(nowhere)).toContain('warning: shop would be served by no shard');
  });

  it('warns of a route that is refused there', async () => {
    const shop = route('shop', { createdAt: 2 });
    const older = route('older', { host: 'shop.example.com', createdAt: 1, labels: { sharded: 'true' } });
    on = await shapeScene({ plan: twoShards({ routes: [shop, older] }) });
    expect((await lines(shopToSharded)).join('\n')).toMatch(
      /warning: shop would be refused by sharded: HostAlreadyClaimed: /,
    );
  });

  it('of a reset and an undo says the same the other way round', async () => {
    on = await shapeScene();
    await on.act(shopToSharded);
    const back = [
      'then: shop: sharded=true → no label sharded',
      'then: shop moves from sharded to default: open connections finish where they are',
    ];
    expect(await lines({ kind: 'reset-shape', drift: 'shop:labels' })).toEqual(back);
    const undo = await on.preview({ kind: 'undo' });
    expect(undo).toMatchObject({ title: 'undo "no label sharded → sharded=true" of shop' });
    expect(undo.entry).toBeGreaterThan(0);
    expect(await lines({ kind: 'undo' })).toEqual(['now: it was done by anna', ...back]);
  });

  it('says what would be refused', async () => {
    on = await shapeScene();
    expect(await lines(scaleTo(3, 'bbbbbbbbbbbb'))).toEqual([
      'warning: plan bbbbbbbbbbbb is not in force any more: now plan aaaaaaaaaaaa: look again, and decide anew',
    ]);
    expect(await lines({ kind: 'reset-shape', drift: 'default:instances' })).toEqual([
      'warning: there is no drift default:instances: see `sluice show drift`',
    ]);
    expect(await lines(scaleTo(2))).toEqual(['then: it is so already: nothing changes']);
  });

  it('of renew names the processes', async () => {
    on = await shapeScene();
    expect(await on.preview({ kind: 'renew', shard: 'default' })).toEqual({
      title: 'renew the instances of default',
      lines: [
        { tone: 'now', text: 'default/1 serves (pid 1001, 0.0.0)' },
        { tone: 'now', text: 'default/2 serves (pid 1002, 0.0.0)' },
        { tone: 'then', text: 'each is replaced by a new process of 0.0.0, one after another' },
        { tone: 'then', text: 'clients keep the number of their instance; nobody is refused meanwhile' },
        {
          tone: 'then',
          text: 'connections that are open there may finish; what is left after 1 s is ended',
        },
        { tone: 'warning', text: 'it cannot be undone' },
      ],
    });
    expect(await lines({ kind: 'renew', shard: 'nix' })).toEqual(['warning: there is no shard nix']);
  });
});
