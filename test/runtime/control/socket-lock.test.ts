import { existsSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { withSocketLock } from '../../../src/runtime/control/socket-lock.ts';
import { machineClock } from '../../support/machine-clock.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-lock-'));
  path = join(folder, 'control.sock');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** More than any process has. */
const deadPid = 2 ** 30;

it('is held by one at a time, and leaves nothing behind', async () => {
  let inside = 0;
  const done = await Promise.all(
    Array.from({ length: 8 }, (_, index) =>
      withSocketLock(path, machineClock, async () => {
        inside += 1;
        expect(inside).toBe(1);
        await new Promise((resolve) => setImmediate(resolve));
        inside -= 1;
        return index;
      }),
    ),
  );
  expect(done).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  expect(readdirSync(folder)).toEqual([]);
});

it('is given back when the work fails', async () => {
  const failing = withSocketLock(path, machineClock, () => Promise.reject(new Error('no')));
  await expect(failing).rejects.toThrow('no');
  expect(readdirSync(folder)).toEqual([]);
});

it.each([
  ['of a process that is dead', `${deadPid} x\n`, 0],
  ['of an earlier process with this number', `${process.pid} x\n`, 0],
  ['that is old, whoever has its number now', `${process.ppid} x\n`, 60],
  ['that says nothing', '', 0],
])('a lock %s does not block a start', async (_, text, secondsAgo) => {
  writeFileSync(`${path}.lock`, text);
  const at = Date.now() / 1_000 - secondsAgo;
  utimesSync(`${path}.lock`, at, at);
  const all = [1, 2, 3].map((each) => withSocketLock(path, machineClock, async () => each));
  expect(await Promise.all(all)).toEqual([1, 2, 3]);
  expect(readdirSync(folder)).toEqual([]);
});

it('waits for a process that lives', async () => {
  writeFileSync(`${path}.lock`, `${process.ppid} x\n`);
  let waits = 0;
  const clock = {
    ...machineClock,
    after(ms: number, run: () => void) {
      waits += 1;
      expect(existsSync(`${path}.lock`)).toBe(true);
      if (waits === 3) rmSync(`${path}.lock`);
      return machineClock.after(ms, run);
    },
  };
  expect(await withSocketLock(path, clock, async () => 'mine')).toBe('mine');
  expect(waits).toBe(3);
});

it('gives up on others that keep it', async () => {
  writeFileSync(`${path}.lock`, `${process.ppid} x\n`);
  const hasty = { ...machineClock, after: (_: number, run: () => void) => machineClock.after(0, run) };
  await expect(withSocketLock(path, hasty, async () => {})).rejects.toMatchObject({ code: 'control-in-use' });
});
