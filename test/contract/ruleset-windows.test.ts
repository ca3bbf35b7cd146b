// Windows of a real kernel's ruleset: what is counted, what others do to it meanwhile, and how much of it there may be.
import { writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/cli/system-clock.ts';
import type { RulesetQuery, RulesetRow, RulesetWindow } from '../../src/domain/kernel.ts';
import { createNft } from '../../src/nft/process/run-nft.ts';
import { readRuleset } from '../../src/nft/ruleset/read-ruleset.ts';
import { ruleWords } from '../../src/runtime/kernel/rule-words.ts';
import { createRulesetWindows, type RulesetWindows } from '../../src/runtime/kernel/ruleset-windows.ts';
import { createNetwork, type Namespace, type Network, nftablesFault } from '../support/namespaces.ts';
import { until } from '../support/processes.ts';
import { scratch } from '../support/scratch.ts';

const fault = nftablesFault('nft');
const sender = new URL('../support/send-packets.ts', import.meta.url).pathname;
const all: RulesetQuery = { filter: '', order: 'kernel', folded: [], offset: 0, limit: 200 };

let network: Network;
let here: Namespace;
let windows: RulesetWindows;
let seen: RulesetWindow[];
/** Commands of nft that were run, by their words. */
let asked: string[];

describe.skipIf(fault !== undefined)(`windows of the kernel's ruleset${fault ? ` (${fault})` : ''}`, () => {
  beforeEach(() => {
    network = createNetwork('rules');
    here = network.namespace('here');
    here.ask('ip', ['link', 'set', 'lo', 'up']);
    const nft = createNft({ command: [...here.prefix, 'nft'], clock: systemClock });
    asked = [];
    windows = createRulesetWindows({
      nft: {
        ...nft,
        list(...what) {
          asked.push(what.join(' '));
          return nft.list(...what);
        },
      },
      clock: systemClock,
      monotonic: () => performance.now(),
      read: readRuleset,
      words: ruleWords,
    });
    seen = [];
  });
  afterEach(async () => {
    windows.close();
    await network?.remove();
  });

  const watch = (query: Partial<RulesetQuery> = {}) =>
    windows.watch({ ...all, ...query }, (window) => seen.push(window));
  const row = (key: RegExp): RulesetRow | undefined => seen.at(-1)?.rows.find((one) => key.test(one.key));
  const send = async (count: number): Promise<void> => {
    const { code } = await here.run(process.execPath, [sender, '127.0.0.1', '127.0.0.2', String(count)]);
    expect(code).toBe(0);
  };

  it('count every packet that was sent, and explain the rule', async () => {
    here.rules(
      'table inet filter { chain input { type filter hook input priority 0; ip daddr 127.0.0.2 counter drop; ip daddr 127.0.0.3 drop; }; }',
    );
    watch();
    await until('the first window', () => row(/input \d+$/) !== undefined);
    await send(250);
    await until('all packets', () => row(/input 2$/)?.packets === 250);
    expect(row(/input 2$/)).toMatchObject({
      counts: 'packets',
      packets: 250,
      bytes: 250 * 128,
      text: 'ip daddr 127.0.0.2 counter drop',
      understood: true,
    });
    expect(row(/input 2$/)?.explanation.join(' ')).toMatch(/127\.0\.0\.2/);
    expect(row(/input 3$/)).toMatchObject({ counts: 'none' });
    // Seen while they came, or as a whole between two readings.
    await until('a rate', () => seen.some(({ mostPacketRate }) => mostPacketRate > 0));
  });

  it('show neither a negative rate nor a spike when others reset counters and make rules anew', async () => {
    here.rules(`table inet filter {
      counter web { packets 5000000 bytes 5000000 }
      chain input { type filter hook input priority 0; counter name web; counter packets 7000000 bytes 7000000; }
    }`);
    watch();
    await until('a rate', () => row(/counter:web/)?.packetRate === 0);
    here.ask('nft', ['reset', 'counters']);
    await until('a reset', () => row(/counter:web/)?.packets === 0);
    expect(row(/counter:web/)?.packetRate ?? null).toBeNull();
    await until('a rate again', () => row(/counter:web/)?.packetRate === 0);
    here.rules('flush chain inet filter input; add rule inet filter input counter packets 99000000 bytes 1;');
    await until('another rule', () => row(/input \d+$/)?.packets === 99_000_000);
    here.rules('delete table inet filter');
    here.rules(
      'table inet filter { chain input { type filter hook input priority 0; counter packets 888000000 bytes 1; }; }',
    );
    await until('another table', () => row(/input \d+$/)?.packets === 888_000_000);
    await until('its rate', () => row(/input \d+$/)?.packetRate === 0);
    for (const { rows } of seen) for (const { packetRate } of rows) expect(packetRate ?? 0).toBeOneOf([0]);
  });

  it('stay whole while others flush and load rules without a pause', async () => {
    const rules = Array.from({ length: 300 }, (_, index) => `tcp dport ${index + 1} counter`).join('; ');
    here.rules(`table inet filter { chain input { type filter hook input priority 0; ${rules}; }; }`);
    watch({ limit: 20 });
    await until('a window', () => seen.length > 0);
    const place = scratch();
    const file = place.path('rules');
    writeFileSync(
      file,
      `flush ruleset; table inet filter { chain input { type filter hook input priority 0; ${rules}; }; }`,
    );
    const { code } = await here.run('sh', ['-c', `for i in $(seq 60); do nft -f ${file} || exit 1; done`]);
    place.remove();
    expect(code).toBe(0);
    const before = seen.length;
    await until('a good window', () => seen.length > before + 2 && row(/input \d+$/)?.packetRate === 0);
    expect(seen.filter(({ fault: why }) => why !== undefined)).toEqual([]);
    for (const { rules: count } of seen) expect(count).toBeOneOf([0, 300]);
  });

  it('ask for little of 10,000 rules, and find words in all of them', async () => {
    const chains = Array.from({ length: 100 }, (_, chain) => {
      const rules = Array.from(
        { length: 100 },
        (_, rule) =>
          `ip saddr 10.${chain}.${rule}.1 tcp dport ${1_000 + rule} counter accept comment "rule ${rule}"`,
      );
      return `chain c${chain} { ${rules.join('; ')}; }`;
    });
    here.rules(
      `table inet big { ${chains.join('\n')}\n chain input { type filter hook input priority 0; ip daddr 127.0.0.2 counter; jump c0; }; }`,
    );
    const open = watch({ limit: 40 });
    await until('the large table', () => seen.at(-1)?.rules === 10_002 && row(/c0 \d+$/)?.packetRate === 0);
    expect(seen.at(-1)).toMatchObject({ total: 10_002 + 101 + 1 });
    asked = [];
    const before = seen.length;
    await until('polls', () => seen.length >= before + 4);
    expect(new Set(asked)).toEqual(new Set(['chain inet big c0']));
    open.update({ ...all, filter: '10.99.5.1 drop accept', limit: 40 });
    open.update({ ...all, filter: '10.99.5.1', limit: 40 });
    await until('what is sought', () => seen.at(-1)?.total === 3, 20_000);
  });
});
