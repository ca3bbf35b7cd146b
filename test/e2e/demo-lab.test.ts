// The lab is real, in namespaces of its own, and leaves nothing behind. Its control socket is a file: verbs reach it from outside.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { nftablesFault } from '../support/namespaces.ts';
import { descendants, isAlive, type Started, start, until } from '../support/processes.ts';
import { program, sluice } from '../support/sluice.ts';

const fault = nftablesFault('nft', 'conntrack');

interface Lab {
  readonly demo: Started;
  readonly folder: string;
  readonly pids: readonly number[];
  json<T>(...args: string[]): Promise<T>;
  verb(...args: string[]): ReturnType<typeof sluice>;
}

async function startLab(...args: string[]): Promise<Lab> {
  const demo = await start(process.execPath, [program, 'demo', '--lab', '--no-console', ...args], {
    ready: /attach with/,
  });
  const url = /--attach (\S+)/.exec(demo.stdout())![1]!;
  const verb = (...args: string[]) => sluice([...args, '--attach', url]);
  return {
    demo,
    folder: url.replace(/^unix:|\/control\.sock$/g, ''),
    pids: descendants(demo.pid),
    verb,
    async json<T>(...args: string[]) {
      const { code, stdout, output } = await verb(...args, '--json');
      if (code !== 0) throw new Error(`sluice ${args.join(' ')} exited ${code}:\n${output}`);
      return JSON.parse(stdout) as T;
    },
  };
}

async function nothingLeft({ pids, folder }: Lab): Promise<void> {
  await until('no process is left', () => pids.every((pid) => !isAlive(pid)));
  await until('the folder is gone', () => !existsSync(folder));
}

const ruleset = () => execFileSync('nft', ['list', 'ruleset'], { encoding: 'utf8' });

describe.skipIf(fault !== undefined)(`the lab${fault === undefined ? '' : ` (${fault})`}`, () => {
  it('steers, translates and relays by nftables, and this machine has none of it', async () => {
    const before = ruleset();
    const lab = await startLab();
    try {
      await until('all of it is in force', async () => {
        const { shards } = await lab.json<{ shards: { steering: { by: string } }[] }>('show', 'shards');
        const { binds } = await lab.json<{ binds: { name: string; path?: { by: string } }[] }>(
          'show',
          'binds',
        );
        const { servers } = await lab.json<{ servers: { key: string; operational: string }[] }>(
          'show',
          'servers',
        );
        return (
          shards[0]!.steering.by === 'nft' &&
          binds.find(({ name }) => name === 'db')?.path?.by === 'kernel' &&
          servers.every(({ operational }) => operational === 'up')
        );
      });
      await until('connections through the kernel are in the table', async () => {
        const { connections } = await lab.json<{ connections: { kernel?: true }[] }>(
          'show',
          'connections',
          '--filter',
          'bind=db',
        );
        return connections.length > 3 && connections.every(({ kernel }) => kernel === true);
      });
      const blocked = await lab.verb('nft', 'block', '10.77.66.6', '--why', 'scanning', '--keep', '--yes');
      expect(blocked.output).toContain('10.77.66.6 is blocked');
      await until('its packets are dropped', async () => {
        const { blocks } = await lab.json<{
          blocks: { address: string; traffic: { packets: number | null } | null }[];
        }>('show', 'blocks');
        return blocks[0]?.address === '10.77.66.6' && (blocks[0].traffic?.packets ?? 0) > 0;
      });
      expect(ruleset()).toBe(before);
    } finally {
      await lab.demo.stop();
    }
    await nothingLeft(lab);
  });

  it('ends by itself after --seconds', async () => {
    const lab = await startLab('--seconds', '1');
    expect(await lab.demo.exited).toBe(0);
    await nothingLeft(lab);
  });

  it.each(['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGKILL'] as const)(
    'leaves nothing behind after %s',
    async (signal) => {
      const lab = await startLab();
      lab.demo.signal(signal);
      await lab.demo.exited;
      await nothingLeft(lab);
    },
  );
});
