import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { afterEach, expect, it } from 'vitest';
import { folderSignature, readFolder } from '../../../src/runtime/watch/read-folder.ts';
import { scratch } from '../../support/scratch.ts';

const mebibyte = 1024 * 1024;
const limits = { files: 10, file: mebibyte, together: 4 * mebibyte };

let place = scratch();

afterEach(() => {
  place.remove();
  place = scratch();
});

it('reads what lies there, by name, and nothing else', async () => {
  for (const name of ['b.yaml', 'a.yml', 'c.json', '.hidden.yaml', 'd.yaml~', 'd.yaml.swp', 'README'])
    writeFileSync(place.path(name), name);
  mkdirSync(place.path('e.yaml.d'));
  expect(await readFolder(place.folder)).toEqual({
    files: ['a.yml', 'b.yaml', 'c.json'].map((name) => ({ name, text: name })),
    faults: [],
  });
});

it('goes on beside what cannot be read', async () => {
  writeFileSync(place.path('a.yaml'), 'a');
  writeFileSync(place.path('latin.yaml'), Buffer.from('caf\xe9', 'latin1'));
  writeFileSync(place.path('large.yaml'), Buffer.alloc(mebibyte + 1, 'x'));
  mkdirSync(place.path('folder.yaml'));
  symlinkSync('nowhere', place.path('link.yaml'));
  symlinkSync('/dev/null', place.path('device.yaml'));
  expect(await readFolder(place.folder, limits)).toEqual({
    files: [{ name: 'a.yaml', text: 'a' }],
    faults: [
      { name: 'device.yaml', fault: 'this is not a regular file' },
      { name: 'folder.yaml', fault: 'this is a folder, not a file' },
      { name: 'large.yaml', fault: 'it is larger than 1 MiB' },
      { name: 'latin.yaml', fault: 'this is not UTF-8 text' },
      { name: 'link.yaml', fault: 'there is no such file' },
    ],
  });
});

it('is bounded in number, and in octets together', async () => {
  for (let i = 0; i < 12; i++) writeFileSync(place.path(`${10 + i}.yaml`), '');
  const many = await readFolder(place.folder, limits);
  expect([many.files.length, many.faults.map(({ name }) => name)]).toEqual([10, ['20.yaml', '21.yaml']]);

  rmSync(place.folder, { recursive: true });
  mkdirSync(place.folder);
  const large = Buffer.alloc(mebibyte, 'x');
  for (let i = 0; i < 5; i++) writeFileSync(place.path(`${i}.yaml`), large);
  const { files, faults } = await readFolder(place.folder, limits);
  expect([files.length, faults]).toEqual([
    4,
    [{ name: '4.yaml', fault: 'the files of the folder have more than 4 MiB together' }],
  ]);
});

it.each([
  ['none', 'there is no such folder', () => {}],
  ['file', 'this is not a folder', () => writeFileSync(place.path('file'), '')],
])('says why there is none: %s', async (name, fault, prepare) => {
  prepare();
  expect(await readFolder(place.path(name))).toEqual({ files: [], faults: [], fault });
  expect(await folderSignature(place.path(name))).toBe(fault);
});

it('reads a mounted ConfigMap, and sees when it is replaced', async () => {
  const version = (name: string, text: string) => {
    mkdirSync(place.path(name));
    writeFileSync(place.path(`${name}/routes.yaml`), text);
  };
  version('..2026_01', 'old');
  symlinkSync('..2026_01', place.path('..data'));
  symlinkSync('..data/routes.yaml', place.path('routes.yaml'));
  expect((await readFolder(place.folder)).files).toEqual([{ name: 'routes.yaml', text: 'old' }]);
  const before = await folderSignature(place.folder);
  expect(await folderSignature(place.folder)).toBe(before);

  version('..2026_02', 'new');
  symlinkSync('..2026_02', place.path('..data_tmp'));
  renameSync(place.path('..data_tmp'), place.path('..data'));
  expect(await folderSignature(place.folder)).not.toBe(before);
  expect((await readFolder(place.folder)).files).toEqual([{ name: 'routes.yaml', text: 'new' }]);
});

it.each<readonly [string, (path: string) => void]>([
  ['written', (path) => writeFileSync(path, 'longer')],
  ['renamed', (path) => renameSync(path, `${path}.yaml`)],
  ['gone', (path) => rmSync(path)],
  ['another beside it', () => writeFileSync(place.path('b.yaml'), '')],
])('a file %s is seen', async (_, change) => {
  writeFileSync(place.path('a.yaml'), 'a');
  const before = await folderSignature(place.folder);
  change(place.path('a.yaml'));
  expect(await folderSignature(place.folder)).not.toBe(before);
});
