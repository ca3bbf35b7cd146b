// Blocks over a long time, many blocks, and what came to its end while nobody looked.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Command, Outcome } from '../../../src/domain/command.ts';
import type { Actor } from '../../../src/domain/journal.ts';
import type { BlockEntity } from '../../../src/domain/kernel.ts';
import type { MachineFacts } from '../../../src/runtime/kernel/lock-out.ts';
import { backend, plan, type Scene, type SceneOptions, scene, server } from '../fixture.ts';
import { type ScriptedKernel, scriptedKernel } from './scripted-kernel.ts';

const minute = 60_000;
/** As scenes begin. */
const start = 1_700_000_000_000;
const anna: Actor = { name: 'anna', from: 'local' };

let folder: string;
let kernel: ScriptedKernel;
let sshClients: readonly string[] = [];
const scenes: Scene[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-blocks-'));
  kernel = scriptedKernel();
  sshClients = [];
});
afterEach(async () => {
  for (const on of scenes.splice(0)) await on.close();
  rmSync(folder, { recursive: true, force: true });
});

const machine: MachineFacts = {
  ownAddresses: () => ['127.0.0.1', '::1', '10.0.0.1', 'fe80::1%eth0'],
  sshClients: async () => sshClients,
};

async function begin(over: SceneOptions = {}): Promise<Scene> {
  const on = await scene({
    kernel,
    machine,
    plan: plan({
      settings: { stateFile: join(folder, 'state.json'), journalFile: join(folder, 'journal') },
      backends: [
        backend({ servers: [server('app1', { address: { kind: 'ip', host: '10.9.0.1', port: 80 } })] }),
      ],
    }),
    ...over,
  });
  scenes.push(on);
  await inTurn(on);
  return on;
}

/** Until whatever waited for its turn has had it: files are on a real disk. */
async function inTurn(on: Scene): Promise<void> {
  await act(on, { kind: 'confirm-block', address: '203.0.113.254' });
}

let ids = 0;
async function act(on: Scene, command: Command, actor: Actor = anna): Promise<Outcome> {
  ids += 1;
  const outcome = on.runtime.services.execute({ id: `block-test-${ids}`, actor, command });
  let isDone = false;
  void outcome.then(() => {
    isDone = true;
  });
  while (!isDone) await on.settle();
  return outcome;
}

async function texts(on: Scene, command: Command, actor?: Actor): Promise<readonly string[]> {
  let lines: readonly string[] | undefined;
  void on.runtime.services.preview(command, actor).then((preview) => {
    lines = preview.lines.map(({ text }) => text);
  });
  await on.settle();
  // The engine counts connections now and then.
  while (lines === undefined) await on.pass(200);
  return lines;
}

function saved(blocks: readonly BlockEntity[]): void {
  writeFileSync(
    join(folder, 'state.json'),
    JSON.stringify({ version: 1, savedAt: 0, overrides: [], drains: [], blocks }),
  );
}

const block = (address: string, over: Partial<Extract<Command, { kind: 'block' }>> = {}): Command => ({
  kind: 'block',
  address,
  forMs: 0,
  why: '',
  confirmMs: 0,
  ...over,
});
const unblock = (address: string): Command => ({ kind: 'unblock', address });
const confirm = (address: string): Command => ({ kind: 'confirm-block', address });

const model = (on: Scene) => on.runtime.services.store.model;
const shown = (on: Scene) => [...model(on).block.values()];
const newest = (on: Scene) => [...model(on).journal.values()].at(-1)!;
const told = () =>
  (kernel.parts.get('block')?.sets ?? []).flatMap(({ elements }) => elements.map(({ value }) => value));

it('BL5: the journal has who, from where, what and why, safe', async () => {
  const on = await begin();
  await act(on, block('2001:DB8::/32', { forMs: 10 * minute, why: 'scans \u001b[2J"php"' }), {
    name: 'ben',
    from: '10.2.0.7',
  });
  expect(newest(on)).toMatchObject({
    actor: { name: 'ben', from: '10.2.0.7' },
    subject: '2001:db8::/32',
    text: 'block for 10 min: scans \\x1b[2J"php"',
    before: 'not blocked',
    after: 'blocked, for 10 min',
    result: 'done',
  });
  expect(shown(on)).toMatchObject([{ why: 'scans \\x1b[2J"php"' }]);
});

it('BL2: one beyond ten thousand is refused, and one of them can be changed', async () => {
  saved(
    Array.from({ length: 10_000 }, (_, index) => ({
      address: `100.64.${index >> 8}.${index & 255}`,
      why: '',
      by: 'anna',
      at: 1,
    })),
  );
  const on = await begin();
  expect(shown(on)).toHaveLength(10_000);
  expect(await act(on, block('192.0.2.7'))).toMatchObject({
    code: 'bad-value',
    text: 'the blocklist is full',
    remedy: expect.stringContaining('unblock'),
  });
  expect(await act(on, block('100.64.0.9', { forMs: minute }))).toMatchObject({ result: 'done' });
  await act(on, unblock('100.64.0.0'));
  expect(await act(on, block('192.0.2.7'))).toMatchObject({ result: 'done' });
});

it('BL5: where this runtime has no nftables it says so, and shows nobody as blocked by it', async () => {
  const on = await scene({});
  scenes.push(on);
  expect(await act(on, block('192.0.2.7'))).toMatchObject({ code: 'not-capable' });
  expect(shown(on)).toEqual([]);
});

it('BL3: what is his own is told as his own to whoever asks', async () => {
  const on = await begin();
  const ben: Actor = { name: 'ben', from: '10.2.0.7' };
  const leave = on.runtime.services.attached({ actor: anna, ssh: '10.0.0.9' });
  on.runtime.services.attached({ actor: ben });
  // The same session as the machine sees it.
  sshClients = ['10.0.0.9'];
  for (const [actor, address, who] of [
    [anna, '10.0.0.9', 'your own ssh session (10.0.0.9)'],
    [ben, '10.0.0.9', 'the ssh session of anna (10.0.0.9)'],
    [ben, '10.2.0.0/16', 'your own console (10.2.0.7)'],
    [anna, '10.2.0.7', 'the console of ben (10.2.0.7)'],
    [anna, 'fe80::/10', 'this machine itself (fe80::1)'],
  ] as const) {
    expect(await act(on, block(address), actor)).toMatchObject({
      code: 'lock-out',
      text: `blocking ${address} would lock out ${who}`,
    });
    expect(await texts(on, block(address), actor)).toContain(`blocking ${address} would lock out ${who}`);
  }
  expect(kernel.parts.size).toBe(0);
  expect(await act(on, block('10.0.0.9', { force: '10.0.0.8' }))).toMatchObject({ code: 'lock-out' });
  // Who has left is not locked out.
  leave();
  sshClients = [];
  expect(await act(on, block('10.0.0.9'))).toMatchObject({ result: 'done' });
});

it('waits longer than timers can, and no clock that is set back ends a block', async () => {
  const on = await begin();
  await act(on, block('192.0.2.7', { forMs: 60 * 24 * 60 * minute }));
  await act(on, block('192.0.2.8', { forMs: minute }));
  on.clock.setBack(10 * minute);
  await on.pass(2 * minute);
  await inTurn(on);
  expect(shown(on)).toHaveLength(2);
  await on.pass(9 * minute);
  await inTurn(on);
  expect(shown(on).map(({ address }) => address)).toEqual(['192.0.2.7']);
});

it('what an element dropped is not counted twice where confirming leaves it as it is', async () => {
  const on = await begin();
  let seen: number | null | undefined;
  const stop = on.runtime.services.samples(['kernel'], 500, ({ kernel: sample }) => {
    seen = sample?.blocks.find(({ address }) => address === '192.0.2.7')?.packets;
  });
  await act(on, block('192.0.2.7', { forMs: 60_000, confirmMs: 60_000 }));
  const counted = async (packets: number) => {
    kernel.elements.set('block_v4', [{ value: '192.0.2.7', counter: { packets, bytes: packets * 100 } }]);
    await on.pass(3_000);
    return seen;
  };
  expect(await counted(3)).toBe(3);
  await act(on, confirm('192.0.2.7'));
  expect(await counted(4)).toBe(4);
  // A block that begins anew counts from nought.
  await act(on, unblock('192.0.2.7'));
  await act(on, block('192.0.2.7'));
  expect(await counted(1)).toBe(1);
  stop();
});

describe('BL7: undo', () => {
  it('confirms nothing: what nobody had confirmed is so again, or over', async () => {
    const on = await begin();
    const now = on.clock.now();
    await act(on, block('192.0.2.7', { confirmMs: 30_000 }));
    await act(on, unblock('192.0.2.7'));
    await on.pass(10_000);
    await act(on, { kind: 'undo' });
    expect(shown(on)).toMatchObject([{ confirmBy: now + 30_000 }]);
    await act(on, unblock('192.0.2.7'));
    await on.pass(minute);
    expect(await act(on, { kind: 'undo' })).toMatchObject({
      result: 'done',
      text: expect.stringContaining('would be over by now'),
    });
    expect(shown(on)).toEqual([]);
  });

  it('is of what was done before, once a block ended by itself', async () => {
    const on = await begin();
    await act(on, { kind: 'weight', server: 'web/app1', weight: 7 });
    await act(on, block('192.0.2.7', { confirmMs: 5_000 }));
    await act(on, block('192.0.2.8', { forMs: 5_000 }));
    await on.pass(6_000);
    await inTurn(on);
    expect(shown(on)).toEqual([]);
    expect(await act(on, { kind: 'undo' })).toMatchObject({
      result: 'done',
      text: expect.stringContaining('web/app1'),
    });
  });
});

describe('BL6: the next runtime', () => {
  it('does not put in force what ended meanwhile, and tells of it', async () => {
    const common = { why: '', by: 'anna', at: start - minute };
    saved([
      { ...common, address: '192.0.2.7', until: start - 1 },
      { ...common, address: '192.0.2.8', until: start + minute, confirmBy: start - 30_000 },
      { ...common, address: '192.0.2.9', until: start + minute },
    ]);
    const on = await begin();
    expect(shown(on).map(({ address }) => address)).toEqual(['192.0.2.9']);
    expect(told()).toEqual(['192.0.2.9']);
    expect([...model(on).journal.values()].map(({ subject, text }) => `${subject}: ${text}`)).toEqual(
      expect.arrayContaining([
        '192.0.2.7: the block by anna is over',
        '192.0.2.8: the block by anna was not confirmed within 30 s: it took itself back',
      ]),
    );
  });

  it('keeps what is unconfirmed unconfirmed', async () => {
    const on = await begin();
    await act(on, block('192.0.2.9', { forMs: 10 * minute, confirmMs: 30_000 }));
    const before = shown(on);
    await on.restart();
    await inTurn(on);
    expect(shown(on)).toEqual(before);
    expect(await act(on, confirm('192.0.2.9'))).toMatchObject({ result: 'done' });
    expect(shown(on)).toMatchObject([{ until: start + 10 * minute }]);
    expect(shown(on)[0]).not.toHaveProperty('confirmBy');
  });

  it('where it is a demo, leaves alone what another runtime left', async () => {
    Object.assign(kernel.table, { found: async () => new Map([['block_v4', [{ value: '192.0.2.7' }]]]) });
    const on = await begin({ plan: plan(), demo: true });
    expect(shown(on)).toEqual([]);
    expect(kernel.asked.filter((what) => what === 'set block')).toEqual([]);
  });

  it('shows what it cannot put in force, says why once, and tries again', async () => {
    saved([{ address: '192.0.2.7', why: '', by: 'anna', at: 1 }]);
    kernel.refuses = 'the kernel says no';
    const on = await begin();
    expect(shown(on)).toMatchObject([{ address: '192.0.2.7' }]);
    await on.pass(65_000);
    await inTurn(on);
    const warnings = [...model(on).journal.values()].filter(({ text }) => text.includes('not in force'));
    expect(warnings.map(({ text }) => text)).toEqual([
      'a block that should hold is not in force: the kernel says no',
    ]);
    kernel.refuses = undefined;
    await on.pass(31_000);
    await inTurn(on);
    expect(told()).toEqual(['192.0.2.7']);
    expect(newest(on)).toMatchObject({ severity: 'good', text: 'the blocks are in force again' });
  });
});
