import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RulesetQuery, RulesetWindow } from '../../../src/domain/kernel.ts';
import { readRuleset } from '../../../src/nft/ruleset/read-ruleset.ts';
import {
  createRulesetWindows,
  noRulesetWindows,
  type RulesetWindows,
} from '../../../src/runtime/kernel/ruleset-windows.ts';
import { type FakeClock, fakeClock } from '../../proxy/fake-clock.ts';
import { scriptedWords } from './rulesets.ts';
import { listing, type ScriptedNft, scriptedNft } from './scripted-nft.ts';

const all: RulesetQuery = { filter: '', order: 'kernel', folded: [], offset: 0, limit: 200 };

let clock: FakeClock;
let nft: ScriptedNft;
let windows: RulesetWindows;
let seen: RulesetWindow[];

beforeEach(() => {
  clock = fakeClock();
  nft = scriptedNft();
  nft.answers.set('ruleset', listing('inet', 'filter', { input: [0, 10], output: [5] }));
  windows = createRulesetWindows({
    nft,
    clock,
    monotonic: clock.mono,
    read: readRuleset,
    words: scriptedWords(),
  });
  seen = [];
});
afterEach(() => windows.close());

const watch = (query: Partial<RulesetQuery> = {}) =>
  windows.watch({ ...all, ...query }, (window) => seen.push(window));

/** In steps, since what is read takes turns of its own. */
async function pass(ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 50) {
    clock.advance(Math.min(50, left));
    for (let turn = 0; turn < 12; turn += 1) await Promise.resolve();
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
}

const rate = (key: string) => seen.at(-1)?.rows.find((row) => row.key === key)?.packetRate;

describe('windows of the ruleset', () => {
  it('read nothing while nobody looks', async () => {
    await pass(10_000);
    expect(nft.asked).toEqual([]);
    const one = watch();
    const two = watch();
    await pass(3_000);
    one.close();
    expect(nft.monitors).toHaveLength(1);
    two.close();
    nft.asked = [];
    await pass(60_000);
    expect(nft.asked).toEqual([]);
    expect(nft.monitors.map(({ closed }) => closed)).toEqual([true]);
    expect(clock.pending).toBe(0);
  });

  it('are there soon, with rates from the second reading on', async () => {
    watch();
    await pass(50);
    expect(seen.at(-1)).toMatchObject({ rules: 3, total: 6, query: all });
    expect(rate('inet filter input 2')).toBeNull();
    nft.answers.set('ruleset', listing('inet', 'filter', { input: [0, 60], output: [5] }));
    await pass(2_000);
    expect(seen.at(-1)?.rows.find(({ key }) => key === 'inet filter input 2')?.packets).toBe(60);
    expect(seen.some(({ mostPacketRate }) => mostPacketRate > 0)).toBe(true);
    expect(rate('inet filter output 3')).toBe(0);
  });

  it('poll the tables in sight alone, and nothing where all is folded', async () => {
    nft.answers.set('ruleset', [
      ...listing('inet', 'filter', { input: [1] }),
      ...listing('ip', 'other', { pre: [1] }, 2),
    ]);
    const open = watch({ folded: ['ip other'] });
    await pass(1_000);
    nft.asked = [];
    await pass(2_000);
    expect(new Set(nft.asked)).toEqual(new Set(['table inet filter']));
    open.update({ ...all, folded: ['ip other', 'inet filter'] });
    await pass(1_000);
    nft.asked = [];
    await pass(5_000);
    expect(nft.asked).toEqual([]);
    open.update(all);
    await pass(1_500);
    expect(new Set(nft.asked)).toEqual(new Set(['table inet filter', 'table ip other']));
  });

  it('poll only the chains in sight of a large table, and its named counters once', async () => {
    const many = Array.from({ length: 600 }, (_, index) => index);
    nft.answers.set('ruleset', [
      ...listing('inet', 'big', { a: many, b: many }),
      { counter: { family: 'inet', table: 'big', name: 'n', handle: 9_999, packets: 3, bytes: 3 } },
    ]);
    watch({ limit: 40 });
    await pass(1_000);
    nft.asked = [];
    await pass(2_000);
    expect(new Set(nft.asked)).toEqual(new Set(['counters table inet big', 'chain inet big a']));
    expect(rate('inet big a 5')).toBe(0);
    expect(seen.at(-1)).toMatchObject({ rules: 1_200, total: 1_204 });
  });

  it('poll chain by chain what few rules make slow to list', async () => {
    nft.during = () =>
      nft.asked.at(-1)?.startsWith('table')
        ? new Promise((resolve) => clock.after(150, resolve))
        : Promise.resolve();
    watch();
    await pass(4_000);
    nft.asked = [];
    await pass(2_000);
    expect(new Set(nft.asked)).toEqual(new Set(['chain inet filter input', 'chain inet filter output']));
  });

  it('are listed anew when something changed, once for many changes', async () => {
    watch();
    await pass(1_500);
    nft.asked = [];
    nft.answers.set('ruleset', listing('inet', 'filter', { input: [1, 2, 3, 4] }));
    for (let i = 0; i < 20; i += 1) nft.monitors[0]!.changed();
    await pass(600);
    expect(nft.asked.filter((words) => words === 'ruleset')).toHaveLength(1);
    expect(seen.at(-1)?.rules).toBe(4);
  });

  it('rest five times as long as a reading took', async () => {
    nft.during = () => new Promise((resolve) => clock.after(1_000, resolve));
    watch();
    await pass(1_050);
    for (let i = 0; i < 3; i += 1) {
      nft.asked = [];
      nft.monitors[0]!.changed();
      await pass(4_800);
      expect(nft.asked).toEqual([]);
      await pass(300);
      expect(nft.asked).toEqual(['ruleset']);
      await pass(900);
    }
  });

  it('answer another query at once, from what is known', async () => {
    const open = watch({ limit: 4 });
    await pass(500);
    nft.asked = [];
    open.update({ ...all, offset: 2, limit: 3 });
    await pass(1);
    expect(seen.at(-1)).toMatchObject({ query: { offset: 2, limit: 3 }, total: 6 });
    expect(seen.at(-1)?.rows).toHaveLength(3);
    expect(nft.asked).toEqual([]);
  });

  it('show no spike where a rule is another one under the same place, and none where somebody reset the counters', async () => {
    watch();
    await pass(2_500);
    expect(rate('inet filter input 2')).toBe(0);
    nft.answers.set('ruleset', listing('inet', 'filter', { input: [0, 3], output: [5] }));
    await pass(1_000);
    // Its counter went from 10 to 3.
    expect(seen.every(({ rows }) => rows.every(({ packetRate }) => (packetRate ?? 0) >= 0))).toBe(true);
    nft.answers.set('ruleset', listing('inet', 'filter', { input: [0, 900_000], output: [900_000] }, 77));
    await pass(1_500);
    expect(seen.at(-1)?.mostPacketRate).toBe(0);
    expect(seen.every(({ mostPacketRate }) => mostPacketRate < 100)).toBe(true);
  });

  it('list everything anew where a table in sight went', async () => {
    watch();
    await pass(1_500);
    nft.answers.set('ruleset', listing('ip', 'nat', { pre: [1] }, 3));
    await pass(2_500);
    expect(seen.at(-1)?.rows.map(({ key }) => key)).toEqual(['ip nat', 'ip nat pre', 'ip nat pre 1']);
    expect(seen.at(-1)).not.toHaveProperty('fault');
  });

  it('keep what was read last where nft fails, say so, and recover by themselves', async () => {
    watch();
    await pass(1_500);
    const good = seen.at(-1)!;
    nft.fails = { code: 'timeout', message: 'nft did not answer within 20 s, and was ended' };
    await pass(3_000);
    const failed = seen.at(-1)!;
    expect(failed.fault).toContain('did not answer within 20 s');
    expect(failed.remedy).toBeDefined();
    expect(failed.rows).toEqual(good.rows);
    expect(failed.at).toBeLessThanOrEqual(good.at + 1_000);
    nft.fails = undefined;
    await pass(20_000);
    expect(seen.at(-1)).not.toHaveProperty('fault');
    expect(seen.at(-1)!.at).toBeGreaterThan(failed.at);
  });

  it('say what is missing where nft cannot be used, and notice when it can', async () => {
    nft.readable = {
      no: 'nftables cannot be read: there is no program nft',
      remedy: 'install the package nftables',
    };
    nft.fails = { code: 'missing', message: 'there is no program nft' };
    watch();
    await pass(200);
    expect(seen.at(-1)).toMatchObject({
      rows: [],
      rules: 0,
      fault: 'nftables cannot be read: there is no program nft',
      remedy: 'install the package nftables',
    });
    nft.fails = undefined;
    nft.readable = true;
    await pass(20_000);
    expect(seen.at(-1)).toMatchObject({ rules: 3 });
  });

  it('go on without a monitor, and begin another one', async () => {
    watch({ folded: ['inet filter'] });
    await pass(1_000);
    nft.monitors[0]!.ended('nft monitor ended (1)');
    nft.answers.set('ruleset', listing('inet', 'filter', { input: [1, 2, 3, 4, 5] }));
    await pass(5_500);
    expect(nft.monitors).toHaveLength(2);
    nft.monitors[1]!.ended('nft monitor ended (1)');
    await pass(1_500);
    expect(seen.at(-1)?.rules).toBe(5);
    await pass(5_000);
    nft.monitors[2]!.changed();
    nft.answers.set('ruleset', listing('inet', 'filter', { input: [1] }));
    await pass(1_000);
    expect(seen.at(-1)?.rules).toBe(1);
  });

  it('find words in explanations of thousands of rules', async () => {
    const many = Array.from({ length: 2_000 }, (_, index) => index);
    nft.answers.set('ruleset', listing('inet', 'big', { a: many }));
    watch({ filter: 'explains 1999' });
    await pass(1_000);
    expect(seen.at(-1)?.rows.map(({ key }) => key)).toEqual(['inet big', 'inet big a', 'inet big a 1999']);
  });

  it('say that there is no kernel where there is none', async () => {
    noRulesetWindows(clock).watch(all, (window) => seen.push(window));
    await pass(300);
    expect(seen).toMatchObject([{ rows: [], total: 0, fault: 'this runtime does not use nftables' }]);
  });
});
