// The nftables screen: the window on the ruleset, folds, order, explanations, faults; who is blocked; and what both counted.

import { describe, expect, it } from 'vitest';
import { sameRulesetQuery } from '../../src/console/ruleset-table.ts';
import { timeLeft } from '../../src/console/screens/blocked.ts';
import { differenceSpan } from '../../src/console/screens/compared.ts';
import type { Compared } from '../../src/domain/kernel.ts';
import {
  kernelWorld,
  largeRuleset,
  type RulesetServer,
  rulesetServer,
  smallRuleset,
  unconfirmed,
  withoutNft,
} from './kernel-worlds.ts';
import { consoleIn, large, middle, small } from './picture.ts';
import { settled } from './scripted-client.ts';
import { noon } from './worlds.ts';

async function onNftables(
  model = kernelWorld(),
  { size = small, server = rulesetServer(smallRuleset()) as RulesetServer | null } = {},
) {
  const seat = await consoleIn(model, size);
  if (server !== null) seat.client.ruleset = server;
  /** Keys, each with the runtime's answer to it. */
  const go = async (...keys: readonly string[]) => {
    for (const key of keys) {
      seat.press(key);
      await settled();
      await settled();
      seat.feed();
    }
  };
  await go('6');
  return { ...seat, go, lines: () => seat.show().split('\n') };
}

type Seat = Awaited<ReturnType<typeof onNftables>>;
const cursorLine = (seat: Seat) => seat.lines().find((line) => line.startsWith('›')) ?? '';
const lineOf = (seat: Seat, words: string) => seat.lines().find((line) => line.includes(words)) ?? '';

describe('the nftables screen', () => {
  it.each([
    ['60x15', { columns: 60, rows: 15 }],
    ['80x24', small],
    ['120x40', middle],
    ['200x60', large],
  ])('draws the rules, the blocked and both counts at %s', async (name, size) => {
    const seat = await onNftables(kernelWorld(), { size });
    await seat.go('j', 'j');
    await expect(`${seat.show()}\n`).toMatchFileSnapshot(`pictures/nftables-rules-${name}.txt`);
    await seat.go('v');
    await expect(`${seat.show()}\n`).toMatchFileSnapshot(`pictures/nftables-blocked-${name}.txt`);
    await seat.go('v');
    await expect(`${seat.show()}\n`).toMatchFileSnapshot(`pictures/nftables-compared-${name}.txt`);
    await seat.go('v', 'e');
    await expect(`${seat.show()}\n`).toMatchFileSnapshot(`pictures/nftables-explained-${name}.txt`);
    await seat.go('e', 'enter');
    await expect(`${seat.show()}\n`).toMatchFileSnapshot(`pictures/nftables-rule-${name}.txt`);
    seat.console.dispose();
  });

  it('asks for the rows in sight alone, of ten thousand rules', async () => {
    const seat = await onNftables(kernelWorld(), { server: rulesetServer(largeRuleset(10_000)) });
    await seat.go('G');
    expect(seat.show()).toContain('rules 10,005');
    expect(cursorLine(seat)).toContain('ip daddr 10.96.39.15');
    await seat.go('g', 'pagedown', 'j');
    for (const { limit } of seat.client.rulesetQueries) expect(limit).toBeLessThanOrEqual(24);
    seat.press('1');
    expect(seat.client.openWatches).toBe(0);
    seat.console.dispose();
  });

  it('samples the kernel where it is shown, and nowhere else', async () => {
    const seat = await onNftables();
    expect(seat.client.topics.has('kernel')).toBe(false);
    await seat.go('v');
    expect(seat.client.topics.has('kernel')).toBe(true);
    await seat.go('1');
    expect(seat.client.topics.has('kernel')).toBe(false);
    seat.console.dispose();
  });

  it('keeps the cursor on its rule while others come above it', async () => {
    const server = rulesetServer(smallRuleset());
    const seat = await onNftables(kernelWorld(), { server });
    await seat.go('j', 'j');
    expect(cursorLine(seat)).toContain('@blocked4');
    const [table, ...rest] = smallRuleset();
    server.rows = [table!, { ...rest[0]!, key: 'inet sluice early', text: 'early' }, ...rest];
    seat.client.sendRuleset(server(seat.client.rulesetQueries.at(-1)!));
    expect(cursorLine(seat)).toContain('@blocked4');
    seat.console.dispose();
  });

  it('says of a rule that went that it went, and gives its place to no other', async () => {
    const server = rulesetServer(smallRuleset());
    const seat = await onNftables(kernelWorld(), { server });
    await seat.go('j', 'j');
    server.rows = smallRuleset().filter(({ key }) => key !== 'inet sluice block 12');
    seat.client.sendRuleset(server(seat.client.rulesetQueries.at(-1)!));
    expect(seat.show()).toContain('its row has gone or moved');
    expect(cursorLine(seat)).toBe('');
    await seat.go('enter');
    expect(seat.show()).toContain('these are its last figures');
    seat.console.dispose();
  });

  it('folds what the cursor is in, and unfolds it', async () => {
    const seat = await onNftables();
    await seat.go('j', 'j', 'left');
    expect(cursorLine(seat)).toContain('▸ block');
    expect(seat.client.rulesetQueries.at(-1)!.folded).toEqual(['inet sluice block']);
    expect(seat.show()).not.toContain('@blocked4');
    await seat.go('left');
    expect(cursorLine(seat)).toContain('▸ inet sluice');
    await seat.go('space');
    expect(cursorLine(seat)).toContain('▾ inet sluice');
    await seat.go('j', 'right');
    expect(seat.show()).toContain('@blocked4');
    seat.console.dispose();
  });

  it('finds the chain of a rule thousands of rows below it', async () => {
    const seat = await onNftables(kernelWorld(), { server: rulesetServer(largeRuleset(3_000)) });
    await seat.go('G', 'left');
    for (let turn = 0; turn < 40 && cursorLine(seat) === ''; turn += 1) await settled();
    expect(cursorLine(seat)).toContain('▸ services');
    seat.console.dispose();
  });

  it('orders by traffic on request, and says so', async () => {
    const seat = await onNftables();
    expect(seat.lines()[4]).toContain('kernel order');
    await seat.go('o');
    expect(seat.lines()[4]).toContain('by traffic');
    expect(seat.client.rulesetQueries.at(-1)).toMatchObject({ order: 'traffic', offset: 0 });
    seat.console.dispose();
  });

  it('filters by words, and drops the filter again', async () => {
    const seat = await onNftables();
    await seat.go('/');
    seat.type('docker');
    await seat.go('enter');
    expect(seat.client.rulesetQueries.at(-1)!.filter).toBe('docker');
    expect(seat.show()).toContain('2 rows have docker');
    await seat.go('/');
    seat.type('nothing');
    await seat.go('enter');
    expect(seat.show()).toContain('No rule has docker nothing.');
    await seat.go('escape');
    expect(seat.client.rulesetQueries.at(-1)!.filter).toBe('');
    seat.console.dispose();
  });

  it('says of a rule without a counter that it has none, never 0', async () => {
    const seat = await onNftables();
    await seat.go('j', 'j', 'j', 'j', 'j');
    expect(cursorLine(seat)).toMatch(/no counter/);
    expect(seat.show()).toContain('no counter: nft counts only where a rule says so');
    seat.console.dispose();
  });

  it('labels what a nat chain counts', async () => {
    const seat = await onNftables();
    expect(lineOf(seat, '▾ services')).toMatch(/connections$/);
    expect(lineOf(seat, '10.96.0.10')).toMatch(/40,211 conn +– /);
    seat.console.dispose();
  });

  it('marks what is ours, and what it cannot explain', async () => {
    const seat = await onNftables(kernelWorld(), { size: middle });
    expect(lineOf(seat, '▾ inet sluice')).toContain('ours');
    expect(lineOf(seat, '▾ ip nat')).not.toContain('ours');
    expect(lineOf(seat, 'docker0')).toContain('return ?');
    await seat.go('G');
    expect(seat.show()).toContain('a part of it we cannot explain');
    seat.console.dispose();
  });

  it('says what is missing where there is no nft, and that the rest works', async () => {
    const model = kernelWorld();
    model.kernel.set('kernel', withoutNft);
    const seat = await onNftables(model, { server: null });
    expect(seat.show()).toContain('▼ the program nft is not there');
    expect(seat.show()).toContain('install the package nftables');
    expect(seat.show()).toContain('all other screens work without it');
    await seat.go('b');
    expect(seat.show()).toContain('b block: the program nft is not there: install the package nftables');
    seat.console.dispose();
  });

  it('keeps what was read, greyed, when it cannot be read any more', async () => {
    const server = rulesetServer(smallRuleset());
    const seat = await onNftables(kernelWorld(), { server });
    const query = seat.client.rulesetQueries.at(-1)!;
    const fault = 'nft did not answer within 5 s';
    seat.client.sendRuleset({ query, at: noon, rules: 0, total: 0, rows: [], mostPacketRate: 0, fault });
    expect(seat.show()).toContain('@blocked4');
    expect(seat.show()).toContain(`▲ not read since 16:04:00: ${fault}`);
    const frame = seat.console.frame(small);
    const line = frame.lines.find(({ spans }) => spans.some(({ text }) => text.includes('@blocked4')))!;
    expect(line.spans.every(({ tone }) => tone === 'stale')).toBe(true);
    seat.console.dispose();
  });

  it('says that an empty ruleset is empty, and that it asks', async () => {
    const asking = await onNftables(kernelWorld(), { server: null });
    expect(asking.show()).toContain('asking for the rules');
    asking.console.dispose();
    const empty = await onNftables(kernelWorld(), { server: rulesetServer([]) });
    expect(empty.show()).toContain('The kernel has no rules');
    empty.console.dispose();
  });

  it('lets no text of a ruleset reach the terminal as an escape', async () => {
    const hostile = '\u001b[31mred\u0007\u202e\n\u0000';
    const rows = smallRuleset().map((row) => ({
      ...row,
      text: `${row.text}${hostile}`,
      about: hostile,
      explanation: [hostile.repeat(50)],
    }));
    for (const size of [{ columns: 60, rows: 15 }, small, large]) {
      const seat = await onNftables(kernelWorld(), { size, server: rulesetServer(rows) });
      await seat.go('e', 'j', 'enter');
      for (const key of ['escape', 'e']) {
        expect(seat.show().replaceAll('\n', '')).not.toMatch(/[\p{Cc}\u202e]/u);
        await seat.go(key);
      }
      seat.console.dispose();
    }
  });

  it('does not move while it is frozen, and catches up after', async () => {
    const server = rulesetServer(smallRuleset());
    const seat = await onNftables(kernelWorld(), { server });
    await seat.go('f');
    server.rows = smallRuleset().map((row) => ({ ...row, packets: 7 }));
    seat.client.sendRuleset(server(seat.client.rulesetQueries.at(-1)!));
    expect(lineOf(seat, '@blocked4')).toContain('12,044');
    await seat.go('f');
    expect(lineOf(seat, '@blocked4')).toMatch(/ 7 /);
    seat.console.dispose();
  });

  it('keeps the row under the cursor in sight where all are explained', async () => {
    const seat = await onNftables(kernelWorld(), {
      size: { columns: 60, rows: 15 },
      server: rulesetServer(largeRuleset(200)),
    });
    await seat.go('e');
    for (let step = 0; step < 30; step += 1) {
      await seat.go('j');
      expect(cursorLine(seat)).not.toBe('');
    }
    for (let step = 0; step < 30; step += 1) {
      await seat.go('k');
      expect(cursorLine(seat)).not.toBe('');
    }
    seat.console.dispose();
  });
});

describe('the blocked', () => {
  it('stand with who, why and for how long; unconfirmed ones first', async () => {
    const model = kernelWorld();
    unconfirmed(model);
    const seat = await onNftables(model, { size: middle });
    await seat.go('v');
    expect(seat.lines()[4]).toContain('blocked 5 ▲ 1 to confirm');
    expect(seat.lines()[6]).toMatch(/^›192\.0\.2\.66 +▲ 27 s to keep +anna +scans for logins/);
    expect(lineOf(seat, '203.0.113.9')).toContain('no end');
    expect(lineOf(seat, '192.0.2.7 ')).toMatch(/12 min/);
    seat.console.dispose();
  });

  it('are told to be nobody', async () => {
    const model = kernelWorld();
    model.block.clear();
    const seat = await onNftables(model);
    await seat.go('v');
    expect(seat.show()).toContain('Nobody is blocked.');
    await seat.go('B');
    expect(seat.show()).toContain('B unblock: nobody is blocked');
    seat.console.dispose();
  });

  it.each([
    [27_000, '27 s'],
    [119_000, '119 s'],
    [720_000, '12 min'],
    [26 * 3_600_000, '26 h'],
    [-5, '0 s'],
  ])('have %d ms left as %s', (ms, words) => expect(timeLeft(noon + ms, noon)).toBe(words));
});

describe('what both counted', () => {
  const of = (proxy: number | null, kernel: number | null): Compared => ({
    kind: 'bind',
    name: ':80',
    proxy: { connections: proxy, bytesIn: proxy, bytesOut: proxy },
    kernel:
      kernel === null
        ? null
        : { connections: kernel, bytesIn: kernel, bytesOut: kernel, packetsIn: 0, packetsOut: 0 },
  });
  it.each([
    [100, 103, '+3', '+3.0 %'],
    [100, 88, '-12', '-12 %'],
    [100, 100, '=', '='],
    [100_000, 100_001, '+1', '≈'],
    [0, 2_048, '+2,048', '+2.0 K'],
    [100, null, '–', '–'],
    [null, 100, '–', '–'],
  ])('%d and %d differ by %s connections, %s of bytes', (proxy, kernel, connections, bytes) => {
    expect(differenceSpan(of(proxy, kernel), 'connections').text).toBe(connections);
    expect(differenceSpan(of(proxy, kernel), 'bytesIn').text).toBe(bytes);
  });

  it('says how to switch it on where the kernel counts nothing', async () => {
    const seat = await onNftables();
    await seat.go('v', 'v');
    seat.client.send({
      at: noon,
      windowMs: 1_000,
      kernel: { endpoints: [], blocks: [], compared: [], comparedSince: null },
    });
    expect(seat.show()).toContain('"runtime: nft: counters: true"');
    seat.console.dispose();
  });

  it('says of one why it has no figures', async () => {
    const seat = await onNftables();
    await seat.go('v', 'v', 'j', 'j', 'j');
    expect(seat.show()).toContain('▲ db/pg1: it is reached by a unix socket');
    seat.console.dispose();
  });
});

describe('queries for rules', () => {
  const query = { filter: '', order: 'kernel', folded: ['a'], offset: 0, limit: 9 } as const;
  it('are the same, or not', () => {
    expect(sameRulesetQuery(query, { ...query, folded: ['a'] })).toBe(true);
    expect(sameRulesetQuery(query, { ...query, folded: ['b'] })).toBe(false);
    expect(sameRulesetQuery(query, { ...query, offset: 1 })).toBe(false);
  });
});
