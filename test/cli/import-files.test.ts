import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readInput, writeContents } from '../../src/cli/import-files.ts';
import { type Scratch, scratch } from '../support/scratch.ts';

let place: Scratch;
beforeEach(() => {
  place = scratch();
});
afterEach(() => place.remove());

describe('the files of an import', () => {
  it('a pipe in a folder is not waited for', async () => {
    mkdirSync(place.path('routes'));
    execFileSync('mkfifo', [place.path('routes/a.yaml')]);
    await expect(readInput([place.path('routes')])).rejects.toThrow(
      /a\.yaml cannot be read: this is not a regular file/,
    );
  });

  it('a file that says it is empty, and never ends, is read no further than allowed', async () => {
    await expect(readInput(['/dev/zero'])).rejects.toThrow(/larger than \d+ MiB/);
  });

  it('a link where a key is to be written is replaced, and what it led to is left alone', async () => {
    writeFileSync(place.path('elsewhere'), 'theirs', { mode: 0o644 });
    symlinkSync(place.path('elsewhere'), place.path('shop.key'));
    await writeContents([{ path: place.path('shop.key'), content: 'key', secret: true }]);
    expect(readFileSync(place.path('elsewhere'), 'utf8')).toBe('theirs');
    expect(statSync(place.path('elsewhere')).mode & 0o777).toBe(0o644);
    expect(readFileSync(place.path('shop.key'), 'utf8')).toBe('key');
    expect(statSync(place.path('shop.key')).mode & 0o777).toBe(0o600);
  });
});
