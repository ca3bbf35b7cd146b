// The blocklist in the runtime, over a table that keeps what it is told.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { Command } from '../../../src/domain/command.ts';
import type { Actor } from '../../../src/domain/journal.ts';
import { NftError } from '../../../src/nft/process/nft.ts';
import type { SetElement } from '../../../src/nft/ruleset/ruleset.ts';
import { type MachineFacts, sshClientsIn, sshPorts } from '../../../src/runtime/kernel/lock-out.ts';
import { backend, plan, type Scene, scene, server } from '../fixture.ts';
import { type ScriptedKernel, scriptedKernel } from './scripted-kernel.ts';

const minute = 60_000;
const quiet: MachineFacts = { ownAddresses: () => ['10.0.0.1'], sshClients: async () => [] };

function block(address: string, over: Partial<Extract<Command, { kind: 'block' }>> = {}): Command {
  return { kind: 'block', address, forMs: 0, why: '', confirmMs: 0, ...over };
}

let on: Scene;
let kernel: ScriptedKernel;
afterEach(() => on?.close());

async function begin(over: Parameters<typeof scene>[0] = {}): Promise<void> {
  kernel = scriptedKernel();
  on = await scene({ kernel, machine: quiet, ...over });
}

async function waited<T>(promise: Promise<T>): Promise<T> {
  let done = false;
  const end = (): void => {
    done = true;
  };
  promise.then(end, end);
  while (!done) await on.settle();
  return promise;
}

let ids = 0;
const anna: Actor = { name: 'anna', from: 'local' };
const act = (command: Command, actor = anna) => {
  ids += 1;
  return waited(on.runtime.services.execute({ id: `command-${ids}`, actor, command }));
};
const shown = () => [...on.runtime.services.store.model.block.values()];
const told = () => [...on.runtime.services.store.model.journal.values()].map(({ text }) => text);
const elements = () => kernel.parts.get('block')?.sets.flatMap((set) => set.elements) ?? [];

describe('block and unblock', () => {
  it('BL1, BL5: are in force before they are shown, and gone as a whole', async () => {
    await begin();
    expect(kernel.parts.has('block')).toBe(false);
    expect(await act(block('198.51.100.0/24', { why: 'scans', forMs: minute }))).toMatchObject({
      result: 'done',
      text: '198.51.100.0/24 is blocked for 1 min',
    });
    const now = on.clock.now();
    expect(shown()).toEqual([
      { address: '198.51.100.0/24', why: 'scans', by: 'anna', at: now, until: now + minute },
    ]);
    expect(elements()).toEqual([
      {
        value: { prefix: { addr: '198.51.100.0', len: 24 } },
        comment: 'anna: scans',
        until: now + minute,
      },
    ]);
    expect(await act({ kind: 'unblock', address: '198.51.100.0/24' })).toMatchObject({ result: 'done' });
    expect(shown()).toEqual([]);
    expect(kernel.parts.has('block')).toBe(false);
  });

  it('BL5: change nothing where the kernel says no', async () => {
    await begin();
    kernel.refuses = 'Operation not supported';
    expect(await act(block('192.0.2.7'))).toMatchObject({
      result: 'refused',
      text: expect.stringContaining('Operation not supported'),
    });
    expect(shown()).toEqual([]);
    kernel.refuses = undefined;
    kernel.nft.readable = { no: 'nft is not installed', remedy: 'apt-get install nftables' };
    expect(await act(block('192.0.2.7'))).toMatchObject({
      result: 'refused',
      code: 'not-capable',
      text: 'nft is not installed',
      remedy: 'apt-get install nftables',
    });
  });

  it.each([
    ['10.0.0.300', /no address/],
    ['10.0.0.5/24', /bits behind its prefix/],
    ['0.0.0.0/0', /everybody/],
    ['::/0', /everybody/],
    ['127.0.0.1', /loopback/],
    ['126.0.0.0/7', /loopback/],
    ['::1', /./],
  ])('BL2, BL3: refuse %s, also when forced', async (address, text) => {
    await begin();
    expect(await act(block(address, { force: address }))).toMatchObject({
      result: 'refused',
      code: 'bad-value',
      text: expect.stringMatching(text),
    });
    expect(kernel.parts.has('block')).toBe(false);
  });

  it('BL2: know an address in all its forms, and refuse what overlaps', async () => {
    await begin();
    await act(block('::ffff:192.0.2.7'));
    await act(block('2001:DB8:0:0::/64'));
    expect(shown().map(({ address }) => address)).toEqual(['192.0.2.7', '2001:db8::/64']);
    for (const address of ['192.0.2.0/24', '2001:db8::7'])
      expect(await act(block(address))).toMatchObject({ result: 'refused', code: 'bad-value' });
    expect(await act({ kind: 'unblock', address: '2001:db8::7' })).toMatchObject({
      result: 'refused',
      code: 'no-such-block',
      text: expect.stringContaining('2001:db8::/64'),
    });
    expect(await act(block('192.0.2.7/32', { why: 'again', forMs: minute }))).toMatchObject({
      result: 'done',
    });
    expect(shown().find(({ address }) => address === '192.0.2.7')).toMatchObject({ why: 'again' });
  });
});

describe('BL3: whoever operates the machine', () => {
  const refusal = async (address: string) => {
    const outcome = await act(block(address));
    return outcome.result === 'refused' ? `${outcome.code}: ${outcome.text}` : outcome.result;
  };

  it('is not locked out', async () => {
    await begin({
      machine: { ownAddresses: () => ['10.0.0.1', 'fe80::1'], sshClients: async () => ['10.0.0.77'] },
      plan: plan({
        backends: [
          backend({ servers: [server('app1', { address: { kind: 'ip', host: '10.3.0.1', port: 80 } })] }),
        ],
      }),
    });
    const leave = on.runtime.services.attached({ actor: { name: 'ben', from: 'local' }, ssh: '10.0.0.9' });
    on.runtime.services.attached({ actor: { name: 'cleo', from: '10.9.0.4' } });
    const stop = on.runtime.services.attached({ actor: anna, ssh: '10.8.0.3' });
    expect(await refusal('10.0.0.9')).toMatch(/^lock-out: .*ssh session of ben \(10\.0\.0\.9\)/);
    expect(await refusal('10.8.0.0/16')).toMatch(/^lock-out: .*your own ssh session \(10\.8\.0\.3\)/);
    expect(await refusal('10.9.0.0/24')).toMatch(/^lock-out: .*console of cleo/);
    expect(await refusal('10.0.0.77')).toMatch(/^lock-out: .*an ssh session to this machine/);
    expect(await refusal('10.0.0.1')).toMatch(/^lock-out: .*this machine itself/);
    expect(await refusal('10.3.0.0/24')).toMatch(/^lock-out: .*server web\/app1/);
    expect(await refusal('10.7.0.0/24')).toBe('done');
    expect(await act(block('10.0.0.9', { force: '10.0.0.8' }))).toMatchObject({ code: 'lock-out' });
    expect(await act(block('10.0.0.9', { force: '10.0.0.9' }))).toMatchObject({ result: 'done' });
    await act({ kind: 'unblock', address: '10.0.0.9' });
    leave();
    expect(await refusal('10.0.0.9')).toBe('done');
    stop();
  });

  it('is not locked out by an undo, either', async () => {
    await begin();
    await act(block('10.0.0.9'));
    await act({ kind: 'unblock', address: '10.0.0.9' });
    on.runtime.services.attached({ actor: { name: 'ben', from: 'local' }, ssh: '10.0.0.9' });
    expect(await act({ kind: 'undo' })).toMatchObject({ result: 'refused', code: 'lock-out' });
    expect(shown()).toEqual([]);
  });

  it('is found among the connections of this machine', () => {
    const table = `  sl  local_address rem_address   st tx_queue
   0: 0100000A:0016 0900000A:C001 01 00000000:00000000
   1: 00000000:0016 00000000:0000 0A 00000000:00000000
   2: 0100000A:0050 0800000A:C001 01 00000000:00000000
   3: 0100000A:08AE 0700000A:C001 01 00000000:00000000`;
    expect(sshClientsIn(table, sshPorts(undefined))).toEqual(['10.0.0.9']);
    expect(sshClientsIn(table, sshPorts('10.0.0.7 1 10.0.0.1 2222'))).toEqual(['10.0.0.9', '10.0.0.7']);
    const table6 = `  sl local rem st
   0: 0000000000000000FFFF00000100000A:0016 0000000000000000FFFF00000900000A:C001 01 0
   1: B80D0120000000000000000001000000:0016 B80D0120000000000000000007000000:C001 01 0`;
    expect(sshClientsIn(table6, sshPorts(undefined))).toEqual(['10.0.0.9', '2001:db8::7']);
  });
});

describe('BL4: an unconfirmed block', () => {
  it('is the kernel’s for that time alone, takes itself back, and is not undone then', async () => {
    await begin();
    await act(block('192.0.2.7', { confirmMs: 30_000, forMs: 10 * minute }));
    const now = on.clock.now();
    expect(shown()).toMatchObject([{ until: now + 10 * minute, confirmBy: now + 30_000 }]);
    expect(elements()).toMatchObject([{ until: now + 30_000 }]);
    await on.pass(29_000);
    expect(shown()).toHaveLength(1);
    await on.pass(2_000);
    expect(shown()).toEqual([]);
    expect(kernel.parts.has('block')).toBe(false);
    expect(told().at(-1)).toContain('was not confirmed within 30 s');
    expect(await act({ kind: 'confirm-block', address: '192.0.2.7' })).toMatchObject({
      code: 'no-such-block',
    });
    expect(await act({ kind: 'undo' })).toMatchObject({ result: 'refused' });
  });

  it('stands for its time once it is confirmed, with what it counted before', async () => {
    await begin();
    await act(block('192.0.2.7', { confirmMs: 30_000, forMs: 10 * minute }));
    const now = on.clock.now();
    kernel.elements.set('block_v4', [{ value: '192.0.2.7', counter: { packets: 5, bytes: 500 } }]);
    expect(await act({ kind: 'confirm-block', address: '192.0.2.7' })).toMatchObject({ result: 'done' });
    expect(elements()).toMatchObject([{ until: now + 10 * minute }]);
    expect(shown()[0]).not.toHaveProperty('confirmBy');
    expect(await act({ kind: 'confirm-block', address: '192.0.2.7' })).toMatchObject({
      result: 'done',
      text: expect.stringContaining('already'),
    });
    kernel.elements.set('block_v4', [{ value: '192.0.2.7', counter: { packets: 2, bytes: 200 } }]);
    const samples: unknown[] = [];
    on.runtime.services.samples(['kernel'], 500, (sample) => samples.push(sample.kernel?.blocks[0]));
    await on.pass(3_000);
    expect(samples.at(-1)).toMatchObject({ address: '192.0.2.7', packets: 7, bytes: 700 });
    await on.pass(10 * minute);
    expect(shown()).toEqual([]);
    expect(told().at(-1)).toContain('is over');
  });

  it('leaves one that stood already standing', async () => {
    await begin();
    await act(block('192.0.2.7', { why: 'first' }));
    await act(block('192.0.2.7', { why: 'second', confirmMs: 30_000 }));
    await on.pass(40_000);
    expect(shown()).toMatchObject([{ address: '192.0.2.7' }]);
  });
});

describe('BL7: undo', () => {
  it('of a block lets through, of an unblock blocks with the end that it had', async () => {
    await begin();
    await act(block('192.0.2.7', { forMs: 10 * minute }));
    const before = shown();
    expect(await act({ kind: 'undo' })).toMatchObject({ result: 'done' });
    expect(shown()).toEqual([]);
    await act(block('192.0.2.7', { forMs: 10 * minute }));
    await act({ kind: 'unblock', address: '192.0.2.7' });
    await on.pass(minute);
    expect(await act({ kind: 'undo' })).toMatchObject({ result: 'done' });
    expect(shown()).toMatchObject([{ until: before[0]!.until }]);
  });

  it('is refused where somebody changed it since', async () => {
    await begin();
    const first = await act(block('192.0.2.7'));
    const entry = first.result === 'done' ? first.entry! : 0;
    await on.pass(1_000);
    await act(block('192.0.2.7', { why: 'other' }));
    expect(await act({ kind: 'undo', entry })).toMatchObject({ code: 'changed-since' });
  });
});

describe('BL6: after a restart', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-blocks-'));
  const stateFile = join(folder, 'state.json');
  afterEach(() => rmSync(stateFile, { force: true }));

  it('blocks hold with the time that is left, and those that are over do not', async () => {
    await begin({ plan: plan({ settings: { stateFile } }) });
    await act(block('192.0.2.7', { forMs: 10 * minute, why: 'scans' }));
    await act(block('192.0.2.8', { forMs: minute }));
    await act(block('192.0.2.9', { confirmMs: minute }));
    const [first] = shown();
    expect(JSON.parse(readFileSync(stateFile, 'utf8')).blocks).toHaveLength(3);
    const later = scriptedKernel();
    // The clock goes on while nobody runs.
    const { restart } = on;
    await waited(
      restart.call(on, {
        kernel: later,
        clock: { now: () => on.clock.now() + 2 * minute, after: on.clock.after },
      }),
    );
    await on.settle();
    kernel = later;
    expect(shown()).toEqual([first]);
    expect(elements()).toMatchObject([{ value: '192.0.2.7', until: first!.until }]);
  });

  it('what the kernel still has is taken over, without a state file', async () => {
    kernel = scriptedKernel();
    const found = new Map<string, readonly SetElement[]>([
      [
        'block_v4',
        [
          { value: '192.0.2.7', comment: 'anna: scans: a lot', timeoutMs: 600_000, expiresMs: 60_000 },
          { value: { prefix: { addr: '198.51.100.0', len: 24 } }, comment: 'evil\x1b[2J' },
          { value: { range: ['10.0.0.1', '10.0.0.9'] } },
        ],
      ],
    ]);
    Object.assign(kernel.table, { found: () => Promise.resolve(found) });
    on = await scene({ kernel, machine: quiet });
    await on.settle();
    const now = on.clock.now();
    expect(shown()).toEqual([
      { address: '192.0.2.7', by: 'anna', why: 'scans: a lot', at: now - 540_000, until: now + 60_000 },
      { address: '198.51.100.0/24', by: 'evil\\x1b[2J', why: '', at: now },
    ]);
    expect(elements()).toHaveLength(2);
  });

  it('what cannot be put in force is told, and tried again', async () => {
    await begin({ plan: plan({ settings: { stateFile } }) });
    await act(block('192.0.2.7'));
    const later = scriptedKernel();
    later.refuses = 'Operation not permitted';
    await waited(on.restart({ kernel: later }));
    await on.settle();
    expect(told().some((text) => text.includes('not in force: Operation not permitted'))).toBe(true);
    later.refuses = undefined;
    await on.pass(31_000);
    expect(later.parts.has('block')).toBe(true);
    expect(shown()).toHaveLength(1);
  });
});

describe('a preview', () => {
  it('CM12: tells whom it hits, that it takes itself back, and who would be locked out', async () => {
    await begin();
    on.runtime.services.attached({ actor: { name: 'ben', from: 'local' }, ssh: '10.0.0.9' });
    const { client } = await on.console();
    const asked = client.preview(block('10.0.0.9', { confirmMs: 30_000, forMs: minute }));
    await on.pass(2_000);
    const { title, lines } = await waited(asked);
    const text = lines.map((line) => `${line.tone}: ${line.text}`).join('\n');
    expect(title).toBe('block 10.0.0.9');
    expect(text).toMatch(/now: \d+ client connections? of the proxy/);
    expect(text).toContain('then: unless it is confirmed within 30 s');
    expect(text).toMatch(/warning: .*ssh session of ben/);
    expect(shown()).toEqual([]);
  });
});

it('an outcome that nobody knows is told as such', async () => {
  await begin();
  Object.assign(kernel.table, { set: () => Promise.reject(new NftError('timeout', 'nft did not answer')) });
  expect(await act(block('192.0.2.7'))).toMatchObject({ result: 'unknown' });
});
