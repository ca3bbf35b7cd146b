import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { clearFolder, keepFiles, sweepFiles } from '../../../src/runtime/watch/private-files.ts';
import { scratch } from '../../support/scratch.ts';

let place = scratch();

afterEach(() => {
  place.remove();
  place = scratch();
});

const names = [
  '0123456789ab-bank_shop.crt',
  '0123456789ab-bank_shop.key',
  'ba9876543210-bank_pay.crt',
] as const;
const file = (name: string, content = name) => ({
  path: join(place.path('kept'), name),
  content,
  secret: name.endsWith('.key'),
});

describe('certificates and keys of imported routes', () => {
  it('are for their owner alone, folder and files', async () => {
    await keepFiles(
      place.path('kept'),
      names.map((name) => file(name)),
    );
    expect(statSync(place.path('kept')).mode & 0o777).toBe(0o700);
    for (const name of names) {
      expect(statSync(place.path(`kept/${name}`)).mode & 0o777).toBe(0o600);
      expect(readFileSync(place.path(`kept/${name}`), 'utf8')).toBe(name);
    }
    expect(readdirSync(place.path('kept'))).toHaveLength(3);
  });

  it('are not written again, unless what lies there is something else', async () => {
    await keepFiles(place.path('kept'), [file(names[0])]);
    const { ino } = statSync(file(names[0]).path);
    await keepFiles(place.path('kept'), [file(names[0])]);
    expect(statSync(file(names[0]).path).ino).toBe(ino);
    writeFileSync(file(names[0]).path, 'cut o');
    await keepFiles(place.path('kept'), [file(names[0])]);
    expect(readFileSync(file(names[0]).path, 'utf8')).toBe(names[0]);
  });

  it('close what others could look into, and do not follow what others laid', async () => {
    mkdirSync(place.path('kept'), { mode: 0o755 });
    symlinkSync(place.path('elsewhere'), file(names[0]).path);
    await keepFiles(place.path('kept'), [file(names[0])]);
    expect(statSync(place.path('kept')).mode & 0o777).toBe(0o700);
    expect(readdirSync(place.folder)).toEqual(['kept']);

    symlinkSync(place.path('kept'), place.path('link'));
    await expect(keepFiles(place.path('link'), [file(names[0])])).rejects.toThrow('is not a folder');
  });

  it('need no folder where there are none', async () => {
    await keepFiles(place.path('kept'), []);
    expect(readdirSync(place.folder)).toEqual([]);
  });

  it('go when nobody names them any more; what is not ours stays', async () => {
    await keepFiles(
      place.path('kept'),
      names.map((name) => file(name)),
    );
    writeFileSync(place.path('kept/notes.txt'), '');
    await sweepFiles(place.path('kept'), new Set([file(names[1]).path]));
    expect(readdirSync(place.path('kept')).sort()).toEqual([names[1], 'notes.txt']);
    await sweepFiles(place.path('nowhere'), new Set());
    await clearFolder(place.path('kept'));
    expect(readdirSync(place.path('kept'))).toEqual(['notes.txt']);
    rmSync(place.path('kept/notes.txt'));
    await clearFolder(place.path('kept'));
    expect(readdirSync(place.folder)).toEqual([]);
  });
});
