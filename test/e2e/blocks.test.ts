// The blocklist from the command line to the kernel: a real runtime in a namespace, and packets of real clients.
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { BlockEntity, BlockRates } from '../../src/domain/kernel.ts';
import { createStar, nftablesFault, type Star } from '../support/namespaces.ts';
import { until } from '../support/processes.ts';
import { type Scratch, scratch } from '../support/scratch.ts';
import { type RunningSluice, sluice, startSluice } from '../support/sluice.ts';

const fault = nftablesFault('nft');
const peer = (name: string): string => join(import.meta.dirname, '../support', name);

const yaml = (state: string) => `
runtime:
  name: here
  grace: 1s${state}
shards:
  - name: default
    binds:
      - { name: db, listen: "10.1.0.1:5432", mode: tcp, backend: db }
backends:
  - name: db
    mode: tcp
    servers: [{ name: app1, address: "10.2.1.2:8080" }]
`;

type Row = BlockEntity & { readonly traffic: BlockRates | null };

describe.skipIf(fault !== undefined)(`the blocklist${fault === undefined ? '' : ` (${fault})`}`, () => {
  let star: Star;
  let on: RunningSluice | undefined;
  let place: Scratch;
  beforeAll(async () => {
    place = scratch();
    star = await createStar({ label: 'block', clients: 4, containers: 1 });
    await star.containers[0]!.start(process.execPath, [peer('named-server.ts'), 'pod1', '8080'], {
      ready: /ready/,
    });
  });
  afterEach(async () => {
    await on?.stop();
    on = undefined;
  });
  afterAll(async () => {
    place?.remove();
    await star?.remove();
  });

  const begin = async (state = ''): Promise<RunningSluice> => {
    on = await startSluice({ yaml: yaml(state), under: star.proxy.prefix });
    return on;
  };
  const listed = () => star.proxy.ask('nft', ['list', 'ruleset']);
  const send = (from: string, count: number, to = '10.1.0.1') =>
    star.clients.ask(process.execPath, [peer('send-packets.ts'), from, to, `${count}`]);
  const rows = async (): Promise<readonly Row[]> =>
    ((await on!.json('show', 'blocks')) as { blocks: readonly Row[] }).blocks;
  const journal = async () => (await on!.verb('show', 'journal')).output;

  it('BL1: drops and counts just what was sent, until it is unblocked; then nothing of it is left', async () => {
    const runtime = await begin();
    expect(listed()).toBe('');
    const done = await runtime.verb('nft', 'block', '10.1.0.3', '--keep', '--why', 'port scan "x"');
    expect(done).toMatchObject({ code: 0 });
    expect(done.stdout).toMatch(/^10\.1\.0\.3 is blocked/);
    send('10.1.0.3', 50);
    send('10.1.0.4', 20);
    // What is forwarded is dropped, too.
    send('10.1.0.3', 7, '10.2.1.2');
    expect(await rows()).toMatchObject([
      { address: '10.1.0.3', why: 'port scan "x"', traffic: { packets: 57, bytes: 57 * 128 } },
    ]);
    expect(listed()).toMatch(/counter block_v4 \{[^}]*packets 57 bytes 7296/);
    expect(star.clients.ask(process.execPath, [peer('named-client.ts')], '10.1.0.4 10.1.0.1 5432\n')).toMatch(
      /pod1/,
    );
    expect(await runtime.verb('nft', 'unblock', '10.1.0.3')).toMatchObject({ code: 0 });
    expect(listed()).toBe('');
    expect(await journal()).toMatch(/10\.1\.0\.3 .*block/);
    expect(await runtime.verb('undo')).toMatchObject({ code: 0 });
    expect(listed()).toContain('10.1.0.3');
  });

  it('BL4: what nobody confirms takes itself back, and what is confirmed stays for its time', async () => {
    const runtime = await begin();
    expect(await runtime.verb('nft', 'block', '10.1.0.3', '--confirm', '5s', '--for', '10m')).toMatchObject({
      code: 0,
    });
    expect(listed()).toMatch(/10\.1\.0\.3 .*timeout 5s/);
    await until('it has gone', () => listed() === '');
    await until('it is told', async () => (await journal()).includes('was not confirmed within 5 s'));
    expect(await rows()).toEqual([]);
    expect(await runtime.verb('nft', 'confirm', '10.1.0.3')).toMatchObject({ code: 1 });
    await runtime.verb(
      'nft',
      'block',
      '10.1.0.0/30',
      '--confirm',
      '20s',
      '--for',
      '10m',
      '--force',
      '10.1.0.0/30',
    );
    await runtime.verb('nft', 'block', '10.1.0.5', '--confirm', '20s', '--for', '10m');
    send('10.1.0.5', 5);
    expect(await runtime.verb('nft', 'confirm', '10.1.0.5')).toMatchObject({ code: 0 });
    expect(listed()).toMatch(/10\.1\.0\.5 .*timeout (9m|10m)/);
    // What it dropped before it was confirmed is not forgotten.
    expect((await rows()).find(({ address }) => address === '10.1.0.5')).toMatchObject({
      traffic: { packets: 5 },
    });
  });

  it('BL4: what nobody confirmed goes by itself though the runtime died', async () => {
    const runtime = await begin();
    await runtime.verb('nft', 'block', '10.1.0.3', '--confirm', '5s');
    runtime.process.signal('SIGKILL');
    await runtime.process.exited;
    expect(listed()).toContain('block_v4');
    await until('the kernel let it go', () => !listed().includes('10.1.0.3'));
    on = await runtime.again();
    expect(await rows()).toEqual([]);
  });

  it('asks for an answer that nobody can be asked for', async () => {
    const runtime = await begin();
    const refused = await runtime.verb('nft', 'block', '10.1.0.3');
    expect(refused).toMatchObject({ code: 2 });
    expect(refused.output).toMatch(/--keep.*--confirm/s);
    expect(listed()).toBe('');
  });

  it('BL3: refuses to lock somebody out, unless the address is named once more', async () => {
    const runtime = await begin();
    const env = { SSH_CONNECTION: '10.1.0.2 51811 10.1.0.1 22' };
    const block = (address: string, ...more: string[]) =>
      sluice(['nft', 'block', address, '--keep', ...more, '--attach', runtime.url], env);
    const refused = await block('10.1.0.0/24');
    expect(refused).toMatchObject({ code: 1 });
    expect(refused.output).toMatch(/ssh session.*10\.1\.0\.2/);
    expect(refused.output).toContain('--force 10.1.0.0/24');
    expect((await block('10.1.0.2')).output).toMatch(/ssh session.*10\.1\.0\.2/);
    expect((await block('10.2.1.2')).output).toContain('db/app1');
    expect((await block('10.1.0.1')).output).toMatch(/this machine/);
    expect(await block('127.0.0.1', '--force', '127.0.0.1')).toMatchObject({ code: 1 });
    expect(listed()).toBe('');
    expect(await block('10.1.0.2', '--force', '10.1.0.2')).toMatchObject({ code: 0 });
    expect(listed()).toContain('10.1.0.2');
  });

  it.each([
    ['with a state file', '\n  stateFile: STATE'],
    ['without one', ''],
  ])(
    'BL6: after a crash blocks hold, with their time, their counts and their reason, %s',
    async (_, state) => {
      const runtime = await begin(state === '' ? '' : `\n  stateFile: ${place.path('state.json')}`);
      await runtime.verb('nft', 'block', '10.1.0.3', '--keep', '--why', 'scan', '--for', '10m');
      await runtime.verb('nft', 'block', 'fd00:9::/64', '--keep');
      send('10.1.0.3', 12);
      const [before] = await rows();
      runtime.process.signal('SIGKILL');
      await runtime.process.exited;
      on = await runtime.again();
      await until('they are there', async () => (await rows()).length === 2);
      const after = (await rows()).find(({ address }) => address === '10.1.0.3')!;
      expect(after).toMatchObject({ why: 'scan', by: before!.by, traffic: { packets: 12 } });
      expect(Math.abs(after.until! - before!.until!)).toBeLessThan(3_000);
      send('10.1.0.3', 3);
      expect((await rows()).find(({ address }) => address === '10.1.0.3')?.traffic?.packets).toBe(15);
      await on.verb('nft', 'unblock', '10.1.0.3');
      await on.verb('nft', 'unblock', 'fd00:9::/64');
      // Of what an earlier runtime left some goes a little later.
      expect(listed()).not.toContain('drop');
      await until('nothing is left', () => listed() === '');
    },
  );
});
