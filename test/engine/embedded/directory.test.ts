import { mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { prepareDirectory } from '../../../src/engine/embedded/directory.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-directory-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const modeOf = (path: string) => statSync(path).mode & 0o777;

describe('the directory of a runtime and its data plane', () => {
  it("is made, and is its owner's alone, also where it lay there open", () => {
    const directory = join(folder, 'new', 'engine');
    prepareDirectory(directory);
    expect(modeOf(directory)).toBe(0o700);
    const open = join(folder, 'open');
    mkdirSync(open);
    prepareDirectory(open);
    expect(modeOf(open)).toBe(0o700);
  });

  it('is not taken through a link, and what that leads to is left alone', () => {
    const elsewhere = join(folder, 'elsewhere');
    mkdirSync(elsewhere, { mode: 0o755 });
    const mode = modeOf(elsewhere);
    const link = join(folder, 'link');
    symlinkSync(elsewhere, link);
    expect(() => prepareDirectory(link)).toThrow(/engine directory .*link: .*not a directory/);
    expect(modeOf(elsewhere)).toBe(mode);
  });

  it('is not a file, and its path is short enough for a socket in it', () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    expect(() => prepareDirectory(file)).toThrow(/engine directory .*file: /);
    expect(() => prepareDirectory(join(folder, 'x'.repeat(100)))).toThrow(/at most 107 bytes/);
  });
});
