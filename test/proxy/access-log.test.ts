import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { openAccessLog } from '../../src/proxy/access-log.ts';
import { haproxyLine, jsonLine } from '../../src/proxy/log-format.ts';
import { sampleRecord } from './sample-record.ts';

const folder = mkdtempSync(join(tmpdir(), 'sluice-log-'));
const inFolder = (name: string) => join(folder, name);
beforeEach(() => {
  rmSync(folder, { recursive: true });
  mkdirSync(folder);
});
afterAll(() => rmSync(folder, { recursive: true }));
const fail = (text: string) => {
  throw new Error(text);
};

describe('the access log', () => {
  it('has written every line once it is closed, appended to what was there', async () => {
    const path = inFolder('access.log');
    for (const count of [3, 2]) {
      const log = openAccessLog({ path, format: 'haproxy' }, fail);
      for (let i = 0; i < count; i += 1) log.write(sampleRecord);
      await log.close();
      expect(log.dropped).toBe(0);
    }
    expect(readFileSync(path, 'utf8')).toBe(`${haproxyLine(sampleRecord)}\n`.repeat(5));
    expect(statSync(path).mode & 0o007).toBe(0);
  });

  it('goes on in a new file after a rotation, and loses nothing on the way', async () => {
    const path = inFolder('access.log');
    const log = openAccessLog({ path, format: 'json' }, fail);
    for (let i = 0; i < 50; i += 1) log.write(sampleRecord);
    await expect.poll(() => readFileSync(path, 'utf8').length).toBeGreaterThan(0);
    renameSync(path, `${path}.1`);
    log.reopen();
    for (let i = 0; i < 50; i += 1) log.write(sampleRecord);
    await log.close();
    const lines = (name: string) => readFileSync(name, 'utf8').trimEnd().split('\n');
    await expect.poll(() => [...lines(`${path}.1`), ...lines(path)]).toHaveLength(100);
    expect(lines(path).at(-1)).toBe(jsonLine(sampleRecord));
  });

  it('counts what its buffer cannot hold', async () => {
    const path = inFolder('access.log');
    const log = openAccessLog({ path, format: 'haproxy' }, fail, 8_192);
    for (let i = 0; i < 1_000; i += 1) log.write(sampleRecord);
    expect(log.dropped).toBeGreaterThan(0);
    await log.close();
    const written = readFileSync(path, 'utf8').trimEnd().split('\n');
    expect(written.length + log.dropped).toBe(1_000);
    expect(new Set(written)).toEqual(new Set([haproxyLine(sampleRecord)]));
  });

  it('says what is wrong with a file that cannot be opened, counts the lines, and tries again when told', async () => {
    const path = inFolder('missing/access.log');
    const problems: string[] = [];
    const log = openAccessLog({ path, format: 'haproxy' }, (text) => problems.push(text));
    await expect.poll(() => problems).toHaveLength(1);
    expect(problems[0]).toMatch(/^access log .*missing\/access\.log: ENOENT/);
    log.write(sampleRecord);
    await expect.poll(() => log.dropped).toBe(1);
    mkdirSync(inFolder('missing'));
    log.reopen();
    log.write(sampleRecord);
    await log.close();
    expect(readFileSync(path, 'utf8')).toBe(`${haproxyLine(sampleRecord)}\n`);
  });
});
