import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { parseSync } from 'oxc-parser';
import { describe, expect, it } from 'vitest';

/** Who may import whom, besides itself. Arrows only ever point left. */
const mayImport: Record<string, readonly string[]> = {
  domain: [],
  config: ['domain'],
  protocol: ['domain'],
  nft: ['domain'],
  proxy: ['domain'],
  engine: ['domain', 'nft', 'proxy'],
  runtime: ['domain', 'config', 'protocol', 'nft', 'engine'],
  client: ['domain', 'protocol'],
  console: ['domain', 'client'],
  ui: ['domain', 'console'],
  cli: ['domain', 'config', 'protocol', 'nft', 'proxy', 'engine', 'runtime', 'client', 'console', 'ui'],
};

/** Packages and node: modules that only these places may import. */
const onlyIn: readonly (readonly [name: RegExp, places: RegExp])[] = [
  [/^blessed/, /^ui\/charts\//],
  [/^(ink|react)(\/|$)/, /^ui\//],
  [/^ws$/, /^(runtime|client)\//],
  [/^commander$/, /^cli\//],
  [/^yaml$/, /^config\//],
  [/^node:/, /^(?!domain\/|console\/)/],
];

const badNames = /(^|-)(util|utils|helper|helpers|manager|misc|common|data|info)$/;
const src = resolve(import.meta.dirname, '../src');
const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((path) => /\.tsx?$/.test(path));

function importsOf(file: string): string[] {
  const { module, errors } = parseSync(file, readFileSync(join(src, file), 'utf8'));
  if (errors.length > 0) throw new Error(`${file}: ${errors[0]!.message}`);
  const dynamic = module.dynamicImports.map(({ moduleRequest: { start, end } }) =>
    readFileSync(join(src, file), 'utf8')
      .slice(start, end)
      .replace(/^['"`]|['"`]$/g, ''),
  );
  return [
    ...module.staticImports.map((entry) => entry.moduleRequest.value),
    ...module.staticExports.flatMap((entry) =>
      entry.entries.flatMap(({ moduleRequest }) => moduleRequest?.value ?? []),
    ),
    ...dynamic,
  ];
}

describe('the layers', () => {
  it('has a rule for every folder of src', () => {
    expect(
      [...new Set(files.map((file) => file.split('/')[0]!))].filter((layer) => !(layer in mayImport)),
    ).toEqual([]);
  });

  it.each(files)('%s imports only what its layer may', (file) => {
    const layer = file.split('/')[0]!;
    const wrong = importsOf(file).filter((specifier) => {
      if (!specifier.startsWith('.'))
        return onlyIn.some(([name, places]) => name.test(specifier) && !places.test(file));
      const target = relative(src, resolve(src, dirname(file), specifier)).split('/')[0]!;
      return target !== layer && !mayImport[layer]!.includes(target);
    });
    expect(wrong).toEqual([]);
  });

  it('names files after the one thing they hold', () => {
    expect(files.filter((file) => badNames.test(file.replace(/^.*\/|\.tsx?$/g, '')))).toEqual([]);
  });

  it('keeps files short enough to hold one idea', () => {
    const long = files
      .map((file) => [file, readFileSync(join(src, file), 'utf8').split('\n').length] as const)
      .filter(([, lines]) => lines > 500);
    expect(long).toEqual([]);
  });
});
