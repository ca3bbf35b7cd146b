// From `w`, `+` and `-` to exactly what was planned: what is typed, asked, shown and applied.

import { describe, expect, it } from 'vitest';
import { completed, parseWhatIf } from '../../src/console/dialogs/what-if-text.ts';
import { consoleIn } from './picture.ts';
import { relabelled, scaledTo3, shardsWorld } from './shard-worlds.ts';
import { noon } from './worlds.ts';

async function onShards(model = shardsWorld()) {
  const seat = await consoleIn(model);
  seat.press('5');
  seat.feed();
  return seat;
}

type Seat = Awaited<ReturnType<typeof consoleIn>>;
const asked = (seat: Seat) => seat.client.shardPlans.map(({ value }) => value);
const sent = (seat: Seat) => seat.client.commands.map(({ value }) => value);
const newPlan = (seat: Seat, hash: string) => {
  const runtime = seat.client.model.runtime.get('runtime')!;
  seat.client.model.runtime.set('runtime', { ...runtime, plan: { ...runtime.plan, hash } });
  seat.client.changed();
};

describe('what is typed', () => {
  const model = shardsWorld();

  it.each([
    ['scale', 'default 3', { kind: 'scale', shard: 'default', instances: 3 }],
    [
      'relabel',
      'shop sharded=true tier-',
      { kind: 'relabel', route: 'shop', labels: { sharded: 'true', tier: null } },
    ],
    ['relabel', ' shop  a= ', { kind: 'relabel', route: 'shop', labels: { a: '' } }],
    ['select', 'sharded', { kind: 'select', shard: 'sharded', routeSelector: null }],
    ['select', 'sharded tier in (a, b)', { kind: 'select', shard: 'sharded' }],
    ['weight', 'pay/p1 50', { kind: 'weight', server: 'pay/p1', weight: 50 }],
    ['remove', 'pay/p1', { kind: 'remove', server: 'pay/p1' }],
  ] as const)('%s %s is understood', (kind, text, change) => {
    const parsed = parseWhatIf(kind, text, model);
    expect(parsed).toMatchObject({ ok: true, whatIf: { changes: [change] } });
  });

  it('may be the file as it is', () =>
    expect(parseWhatIf('reload', '', model)).toMatchObject({ ok: true, whatIf: { reload: true } }));

  it.each([
    ['scale', '', 0, /SHARD INSTANCES/],
    ['scale', 'defualt 3', 0, /did you mean default/],
    ['scale', 'default', 7, /how many/],
    ['scale', 'default 65', 8, /1 to 64/],
    ['scale', 'default 2', 8, /has 2 already/],
    ['scale', 'default 3 4', 10, /no more/],
    ['relabel', 'nobody a=b', 0, /no route nobody/],
    ['relabel', 'shop', 4, /which labels/],
    ['relabel', 'shop tier', 5, /neither KEY=VALUE nor KEY-/],
    ['relabel', 'shop a=b a-', 9, /named twice/],
    ['relabel', 'shop a=b$', 7, /value/],
    ['relabel', 'shop __proto__=x', 5, /name/],
    ['select', 'sharded sharded=true', 20, /already/],
    ['select', 'default a=(b', 10, /expected/],
    ['weight', 'pay/p1 257', 7, /0 to 256/],
    ['weight', 'web/app1 5', 0, /leastconn, not source/],
    ['remove', 'pay/p1 now', 7, /no more/],
    ['remove', 'pay/p9', 0, /did you mean pay/],
  ] as const)('%s "%s" is wrong at %i', (kind, text, at, message) => {
    const parsed = parseWhatIf(kind, text, model);
    expect(parsed).toMatchObject({ ok: false, at });
    expect(parsed.ok ? '' : parsed.message).toMatch(message);
  });

  it.each([
    ['scale', 'de', 'default '],
    ['relabel', 'sho', 'shop '],
    ['relabel', 'shop sh', 'shop sharded=true '],
    ['relabel', 'tickets sharded', 'tickets sharded'],
    ['weight', 'pay', 'pay/p'],
    ['select', 'nobody x', 'nobody x'],
  ] as const)('%s "%s" is completed to "%s"', (kind, text, whole) =>
    expect(completed(kind, text, model)).toBe(whole),
  );
});

describe('what if', () => {
  it('is chosen, typed, asked, shown, and applied as shown', async () => {
    const seat = await onShards();
    seat.press('w');
    expect(seat.show()).toContain('What if: nothing is changed yet');
    expect(seat.show()).toContain('What if default has 3 instances?');
    seat.press('down');
    seat.type('shop sharded=true');
    expect(seat.show()).toContain('What if shop is labelled sharded=true?');
    seat.press('enter');
    const relabel = { kind: 'relabel', route: 'shop', labels: { sharded: 'true' } } as const;
    expect(asked(seat)).toEqual([{ changes: [relabel] }]);
    seat.press('y');
    expect(seat.show()).toContain('the plan is still on its way');
    await seat.client.shardPlans[0]!.answer(relabelled);
    expect(seat.show()).toContain('1 route moves, 1 orphaned, 1 served');
    expect(seat.show()).toContain('→ shop  default → sharded');
    expect(seat.show()).toContain('▼ pay  would be served by no shard');
    expect(seat.show()).toContain('▲ api  would be served by default and sharded');
    seat.press('y');
    expect(sent(seat)).toEqual([{ kind: 'reshape', changes: [relabel], from: scaledTo3.from }]);
    await seat.client.commands[0]!.answer({ result: 'done', seq: 3, text: 'shop moved to sharded' });
    expect(seat.show()).toContain('● done: shop moved to sharded');
    seat.console.dispose();
  });

  it('takes its default, Cancel, on Enter', async () => {
    const seat = await onShards();
    seat.press('w', 'enter');
    await seat.client.shardPlans[0]!.answer(scaledTo3);
    seat.press('enter');
    expect(seat.show()).not.toContain('What if');
    expect(sent(seat)).toEqual([]);
    seat.console.dispose();
  });

  it('shows what was as a ghost behind what would be', async () => {
    const seat = await onShards();
    seat.press('+');
    expect(asked(seat)).toEqual([{ changes: [{ kind: 'scale', shard: 'default', instances: 3 }] }]);
    await seat.client.shardPlans[0]!.answer(scaledTo3);
    const shown = seat.show();
    expect(shown).toContain('moves 33.1 % of 910 clients seen in the last minute; no route moves');
    expect(shown).toMatch(/default\/1 █+░+ +451 → +300/);
    expect(shown).toMatch(/default\/3 ▓+ +– → +301 +new/);
    expect(shown).toContain('33 % of the slots');
    expect(shown).toContain('evenness 1.01 → 1.02 (chance 1.05)');
    seat.press('tab', 'enter');
    expect(sent(seat)).toEqual([
      { kind: 'reshape', changes: [{ kind: 'scale', shard: 'default', instances: 3 }], from: scaledTo3.from },
    ]);
    seat.console.dispose();
  });

  it('is planned again when another plan comes into force meanwhile', async () => {
    const seat = await onShards();
    seat.press('+');
    await seat.client.shardPlans[0]!.answer(scaledTo3);
    newPlan(seat, 'beefbeefbeef');
    expect(asked(seat)).toHaveLength(2);
    expect(seat.show()).toContain('the plan changed meanwhile, 7f3a → beef: look again');
    seat.press('y');
    expect(sent(seat)).toEqual([]);
    await seat.client.shardPlans[1]!.answer({ ...scaledTo3, from: 'beefbeefbeef' });
    seat.client.changed();
    expect(asked(seat)).toHaveLength(2);
    seat.press('y');
    expect(sent(seat)).toMatchObject([{ kind: 'reshape', from: 'beefbeefbeef' }]);
    seat.console.dispose();
  });

  it('is asked again after an attachment broke', async () => {
    const seat = await onShards();
    seat.press('+');
    await seat.client.shardPlans[0]!.fail('the connection is gone');
    expect(seat.show()).toContain('no plan: the connection is gone');
    seat.press('y');
    expect(seat.show()).toContain('there is no plan to apply');
    seat.client.attachTo({ state: 'live', since: noon, role: 'operator', actor: 'anna' });
    expect(asked(seat)).toHaveLength(2);
    seat.console.dispose();
  });

  it('applies a reload only to the plan that was shown', async () => {
    const seat = await onShards();
    seat.press('w', 'up', 'enter');
    expect(asked(seat)).toEqual([{ reload: true }]);
    await seat.client.shardPlans[0]!.answer({
      ...relabelled,
      routes: { ...relabelled.routes, added: ['new1'], removed: ['old1'] },
    });
    expect(seat.show()).toContain('added: new1');
    seat.press('y');
    expect(sent(seat)).toEqual([{ kind: 'reload', from: relabelled.from, to: relabelled.to }]);
    seat.console.dispose();
  });

  it('says that nothing would change, and of a route what is worst once', async () => {
    const seat = await onShards();
    seat.press('w', 'up', 'enter');
    await seat.client.shardPlans[0]!.answer({ ...scaledTo3, to: scaledTo3.from, shards: [] });
    expect(seat.show()).toContain('nothing would change: this is what runs');
    seat.press('escape', 'enter');
    await seat.client.shardPlans[1]!.answer({
      ...relabelled,
      routes: {
        ...relabelled.routes,
        moved: [
          { route: 'pay', from: ['default'], to: [] },
          { route: 'api', from: ['default'], to: ['default', 'sharded'] },
        ],
      },
    });
    expect(seat.show()).not.toContain('→ pay');
    expect(seat.show()).not.toMatch(/routes? moves?/);
    expect(seat.show()).toContain('plan 7f3a → 9b2c');
    seat.console.dispose();
  });

  it.each([
    ['weight', 3, 'ctrl+u', 'pay/p1 50', { kind: 'weight', server: 'pay/p1', weight: 50 }],
    ['remove', 4, 'ctrl+u', 'pay/p1', { kind: 'maint', server: 'pay/p1' }],
  ] as const)('applies a %s of a server as it was seen', async (_, downs, clear, text, command) => {
    const seat = await onShards();
    seat.press('w', ...new Array<string>(downs).fill('down'), clear);
    seat.type(text);
    seat.press('enter');
    await seat.client.shardPlans[0]!.answer({
      ...scaledTo3,
      shards: [],
      servers: [
        {
          backend: 'pay',
          observed: 40,
          moved: 10,
          before: [
            { server: 'p1', clients: 20 },
            { server: 'p2', clients: 20 },
          ],
          after: [
            { server: 'p1', clients: 10 },
            { server: 'p2', clients: 30 },
          ],
        },
      ],
    });
    expect(seat.show()).toContain('25.0 % of 40 clients seen in the last minute get another server');
    seat.press('y');
    expect(sent(seat)).toEqual([command]);
    expect(seat.client.conditions).toEqual([{ from: { admin: 'ready', weight: 100 } }]);
    seat.console.dispose();
  });

  it('leads back to another change with Esc, and what was asked before does not come back', async () => {
    const seat = await onShards();
    seat.press('w', 'enter', 'escape');
    await seat.client.shardPlans[0]!.answer(scaledTo3);
    expect(seat.show()).toContain('What if: nothing is changed yet');
    seat.press('escape');
    expect(seat.show()).not.toContain('What if');
    seat.console.dispose();
  });

  it('stays with what is typed while it is wrong', async () => {
    const seat = await onShards();
    seat.press('w', 'backspace', 'enter');
    expect(asked(seat)).toEqual([]);
    expect(seat.show()).toContain('how many instances?');
    seat.press('q');
    expect(seat.show()).toContain('default q');
    seat.console.dispose();
  });

  it('begins with the route under the cursor', async () => {
    const seat = await consoleIn(shardsWorld());
    seat.press('4');
    seat.feed();
    seat.press('w');
    expect(seat.show()).toContain('▸ relabel  shop');
    seat.type('sharded=true');
    seat.press('enter');
    expect(asked(seat)).toEqual([
      { changes: [{ kind: 'relabel', route: 'shop', labels: { sharded: 'true' } }] },
    ]);
    seat.console.dispose();
  });

  it('is not applied by a viewer', async () => {
    const seat = await onShards();
    seat.client.attachTo({ state: 'live', since: noon, role: 'viewer', actor: 'otto' });
    seat.press('w', 'enter');
    await seat.client.shardPlans[0]!.answer(scaledTo3);
    const footer = seat.console.frame({ columns: 80, rows: 24 }).lines.at(-1)!;
    expect(footer.spans.find(({ text }) => text.trim() === 'y')?.tone).toBe('muted');
    seat.press('y');
    expect(seat.show()).toContain('otto has the role viewer here');
    seat.press('tab', 'enter');
    expect(seat.show()).toContain('otto has the role viewer here');
    expect(sent(seat)).toEqual([]);
    seat.console.dispose();
  });

  it('leaves the console only when asked twice', async () => {
    const seat = await onShards();
    seat.press('+', 'q');
    expect(seat.show()).toContain('q again leaves; nothing was sent');
    seat.press('q');
    await seat.console.left;
    seat.console.dispose();
  });

  it('scrolls a long plan under buttons that stay', async () => {
    const seat = await onShards();
    seat.press('+');
    const moved = Array.from({ length: 60 }, (_, index) => ({
      route: `route${index}`,
      from: ['default'],
      to: ['sharded'],
    }));
    await seat.client.shardPlans[0]!.answer({ ...scaledTo3, routes: { ...scaledTo3.routes, moved } });
    expect(seat.show()).toMatch(/▾ ↓ \d+ more lines/);
    expect(seat.show()).toContain('[ Cancel ]');
    for (let page = 0; page < 9; page += 1) seat.press('pagedown');
    expect(seat.show()).toContain('default/3');
    expect(seat.show()).toContain('[ Cancel ]');
    seat.press('pageup', 'up');
    expect(seat.show()).toMatch(/▾ ↓ \d+ more lines/);
    seat.console.dispose();
  });
});
