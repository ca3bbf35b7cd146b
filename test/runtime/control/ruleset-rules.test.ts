import { expect, it } from 'vitest';
import type { RulesetQuery, RulesetWindow } from '../../../src/domain/kernel.ts';
import type { Sample } from '../../../src/domain/sample.ts';
import { plan, type Scene, scene } from '../fixture.ts';
import { scriptedKernel } from '../kernel/scripted-kernel.ts';
import { listing } from '../kernel/scripted-nft.ts';
import { rawConsole } from '../raw-console.ts';

const query = (over: Partial<RulesetQuery> = {}): RulesetQuery => ({
  filter: '',
  order: 'kernel',
  folded: [],
  offset: 0,
  limit: 50,
  ...over,
});

async function ruled(over: Parameters<typeof scene>[0] = {}) {
  const kernel = scriptedKernel();
  kernel.nft.answers.set('ruleset', [
    ...listing('inet', 'filter', { input: [1, 2, 3] }),
    ...listing('inet', 'sluice', { block: [4] }, 2),
  ]);
  const on = await scene({ kernel, ...over });
  return { kernel, on };
}

const keys = (window: RulesetWindow | undefined) => window?.rows.map(({ key }) => key);

/** What is read takes turns of its own. */
async function pass(on: Scene, ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 200) await on.pass(200);
}

it('NF1: a window has the rows asked for, our own table first, and names its query', async () => {
  const { on } = await ruled();
  const { client } = await on.console();
  const windows: RulesetWindow[] = [];
  const watch = client.openRuleset(query({ folded: ['inet filter input'] }), (window) =>
    windows.push(window),
  );
  await pass(on, 1_000);
  expect(keys(windows.at(-1))).toEqual([
    'inet sluice',
    'inet sluice block',
    'inet sluice block 1',
    'inet filter',
    'inet filter input',
  ]);
  const next = query({ filter: 'input', offset: 2, limit: 2 });
  watch.update(next);
  await pass(on, 1_000);
  expect(windows.at(-1)).toMatchObject({ query: next, total: 5, rules: 4 });
  expect(keys(windows.at(-1))).toEqual(['inet filter input 1', 'inet filter input 2']);
  const raw = rawConsole(on);
  await raw.hello();
  expect(await raw.ask('nft.open', { watch: 'n', query: query({ limit: 201 }) })).toMatchObject({
    error: { code: -32602 },
  });
  expect(await raw.ask('nft.update', { watch: 'n', query: query() })).toMatchObject({
    error: { code: -32006 },
  });
  await on.close();
});

it('NF1: a console that attaches again has its window again', async () => {
  const { on } = await ruled();
  const opened = await on.console();
  const windows: RulesetWindow[] = [];
  opened.client.openRuleset(query({ offset: 2, limit: 1 }), (window) => windows.push(window));
  await pass(on, 600);
  opened.pair.cut();
  await pass(on, 10_000);
  const before = windows.length;
  await pass(on, 2_000);
  expect(windows.length).toBeGreaterThan(before);
  expect(windows.at(-1)?.query).toEqual(query({ offset: 2, limit: 1 }));
  await on.close();
});

it('NF2: nothing is read while no window is open', async () => {
  const { on, kernel } = await ruled();
  const { client } = await on.console();
  await pass(on, 3_000);
  expect(kernel.nft.asked).toEqual([]);
  const watch = client.openRuleset(query(), () => {});
  await pass(on, 2_000);
  expect(kernel.nft.asked.length).toBeGreaterThan(0);
  watch.close();
  await on.settle();
  kernel.nft.asked = [];
  await pass(on, 5_000);
  expect(kernel.nft.asked).toEqual([]);
  await on.close();
});

it('NF3: a rate is null at first, and where there is no counter there is no figure', async () => {
  const { on, kernel } = await ruled();
  kernel.nft.answers.set('ruleset', [
    ...listing('ip', 'nat', { pre: [7] }),
    { rule: { family: 'ip', table: 'nat', chain: 'pre', handle: 9, expr: [{ accept: null }] } },
  ]);
  const { client } = await on.console();
  const windows: RulesetWindow[] = [];
  client.openRuleset(query(), (window) => windows.push(window));
  await pass(on, 600);
  const [, , with_, without] = windows[0]!.rows;
  expect(with_).toMatchObject({ counts: 'packets', packets: 7, packetRate: null });
  expect(without).toMatchObject({ counts: 'none' });
  expect(without).not.toHaveProperty('packets');
  await on.close();
});

it('NF4: a ruleset that cannot be read is a fault with its remedy, also where there is no kernel', async () => {
  const { on, kernel } = await ruled();
  kernel.nft.fails = { code: 'not-permitted', message: 'Operation not permitted' };
  kernel.nft.readable = { no: 'the kernel says "Operation not permitted"', remedy: 'run it as root' };
  const { client } = await on.console();
  const windows: RulesetWindow[] = [];
  client.openRuleset(query(), (window) => windows.push(window));
  await pass(on, 600);
  expect(windows.at(-1)).toMatchObject({
    rows: [],
    fault: 'the kernel says "Operation not permitted"',
    remedy: 'run it as root',
  });
  await on.close();
  const without = await scene();
  const other = await without.console();
  other.client.openRuleset(query(), (window) => windows.push(window));
  await pass(without, 600);
  expect(windows.at(-1)).toMatchObject({ rows: [], fault: 'this runtime does not use nftables' });
  await without.close();
});

it('NF5: what others wrote into a ruleset is safe text, and what nobody understands is marked', async () => {
  const { on, kernel } = await ruled();
  kernel.nft.answers.set('ruleset', [
    { table: { family: 'inet', name: 'a\x1b[2J', handle: 1 } },
    { chain: { family: 'inet', table: 'a\x1b[2J', name: 'c\u202e', handle: 2 } },
    {
      rule: {
        family: 'inet',
        table: 'a\x1b[2J',
        chain: 'c\u202e',
        handle: 3,
        comment: 'x\r\ny\x07',
        expr: [{ 'of tomorrow': { a: '\x1b]0;' } }],
      },
    },
  ]);
  const { client } = await on.console();
  const windows: RulesetWindow[] = [];
  client.openRuleset(query(), (window) => windows.push(window));
  await pass(on, 600);
  const { rows } = windows.at(-1)!;
  expect(rows.map(({ kind, understood }) => `${kind} ${understood}`)).toEqual([
    'table true',
    'chain true',
    'rule false',
  ]);
  for (const { key, text, about, explanation } of rows)
    for (const words of [key, text, about ?? '', ...explanation])
      expect(words).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  await on.close();
});

it('NF6: samples have the kernel’s figures for who asks, and compare them with the proxy’s since one moment', async () => {
  const base = plan();
  const { on, kernel } = await ruled({
    plan: plan({ settings: { nft: { ...base.runtime.nft, counters: true } } }),
  });
  await pass(on, 2_000);
  expect(kernel.parts.has('count')).toBe(true);
  const asked = kernel.asked.length;
  await pass(on, 5_000);
  expect(kernel.asked).toHaveLength(asked);
  const { client } = await on.console();
  const samples: Sample[] = [];
  const stop = client.samples(['kernel'], 500, (sample) => samples.push(sample));
  await pass(on, 3_000);
  const first = samples.at(-1)!.kernel!;
  expect(first.comparedSince).not.toBeNull();
  const bind = first.compared.find(({ kind }) => kind === 'bind')!;
  expect(bind).toMatchObject({ kernel: { connections: 0, packetsIn: 0 } });
  const [name] = [...kernel.counts.keys()].filter((counter) => /^count_bind.*_in$/.test(counter));
  kernel.counts.set(name!, { packets: 12, bytes: 1_200 });
  await pass(on, 3_000);
  const then = samples.at(-1)!.kernel!;
  expect(then.compared.find(({ kind }) => kind === 'bind')?.kernel).toMatchObject({
    packetsIn: 12,
    bytesIn: 1_200,
  });
  expect(then.comparedSince).toBe(first.comparedSince);
  // Nobody is blocked, so nobody asks.
  expect(kernel.asked.filter((what) => what.startsWith('elements'))).toEqual([]);
  // Somebody's `nft reset counters`.
  kernel.counts.set(name!, { packets: 2, bytes: 200 });
  await pass(on, 3_000);
  const anew = samples.at(-1)!.kernel!;
  expect(anew.comparedSince).toBeGreaterThan(first.comparedSince!);
  expect(anew.compared.find(({ kind }) => kind === 'bind')?.kernel).toMatchObject({ packetsIn: 0 });
  stop();
  await on.close();
});
