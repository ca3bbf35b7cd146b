// Makes a program of test/support runnable by Node, which strips types but knows no JSX.

import { mkdtemp } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';

const root = resolve(import.meta.dirname, '../..');

/** Path of the runnable file, inside the project so that it finds its packages; the caller removes its folder. */
export async function bundleProgram(name: string): Promise<string> {
  const directory = await mkdtemp(join(root, 'node_modules/.test-program-'));
  await build({
    entryPoints: [join(root, 'test/support', `${name}.ts`)],
    outdir: directory,
    bundle: true,
    packages: 'external',
    format: 'esm',
    platform: 'node',
    target: 'node22',
    jsx: 'automatic',
    define: { 'process.env.NODE_ENV': '"production"' },
    outExtension: { '.js': '.mjs' },
    logLevel: 'error',
  });
  return join(directory, `${name}.mjs`);
}
