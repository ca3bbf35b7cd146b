// The demo is real and leaves nothing behind: no process, no file, however it ends.
import { existsSync } from 'node:fs';
import { expect, it } from 'vitest';
import { descendants, isAlive, type Started, start, until } from '../support/processes.ts';
import { program, sluice } from '../support/sluice.ts';

async function startDemo(
  ...args: string[]
): Promise<{ demo: Started; url: string; folder: string; pids: number[] }> {
  const demo = await start(process.execPath, [program, 'demo', '--no-console', ...args], {
    ready: /attach with/,
  });
  const url = /--attach (\S+)/.exec(demo.stdout())![1]!;
  const folder = url.replace(/^unix:|\/control\.sock$/g, '');
  return { demo, url, folder, pids: descendants(demo.pid) };
}

async function nothingLeft(pids: readonly number[], folder: string): Promise<void> {
  await until('no process is left', () => pids.every((pid) => !isAlive(pid)));
  await until('the folder is gone', () => !existsSync(folder));
}

it('carries real traffic through every backend', async () => {
  const { demo, url, folder, pids } = await startDemo();
  try {
    expect(pids.length).toBeGreaterThanOrEqual(4);
    await until('requests on both HTTP backends and streams on the database', async () => {
      const { stdout } = await sluice(['show', 'backends', '--json', '--attach', url]);
      const { backends } = JSON.parse(stdout) as {
        backends: { name: string; traffic: { requests: number | null; streams: number } | null }[];
      };
      const traffic = new Map(backends.map((backend) => [backend.name, backend.traffic]));
      const busy = (name: string) => (traffic.get(name)?.requests ?? 0) > 1;
      return busy('web') && busy('api') && (traffic.get('db')?.streams ?? 0) > 0;
    });
    const { stdout } = await sluice([
      'show',
      'connections',
      '--json',
      '--filter',
      'phase=tunnel',
      '--attach',
      url,
    ]);
    expect((JSON.parse(stdout) as { matched: number }).matched).toBeGreaterThan(2);
  } finally {
    await demo.stop();
  }
  await nothingLeft(pids, folder);
});

it.each(['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGKILL'] as const)(
  'leaves nothing behind after %s',
  async (signal) => {
    const { demo, folder, pids } = await startDemo();
    demo.signal(signal);
    await demo.exited;
    await nothingLeft(pids, folder);
  },
);

it('ends by itself after --seconds', async () => {
  const { demo, folder, pids } = await startDemo('--seconds', '1');
  expect(await demo.exited).toBe(0);
  await nothingLeft(pids, folder);
});
