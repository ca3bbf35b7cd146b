import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

interface Entry {
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

// `npm ci` refuses a lock that lacks one, whatever the platform. Remedy: `node .ci/complete-lock.js`.
it('locks the binaries of every platform, not only of the one it was made on', () => {
  const { packages } = JSON.parse(readFileSync(new URL('../package-lock.json', import.meta.url), 'utf8')) as {
    packages: Record<string, Entry>;
  };
  const missing = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) => {
    const folder = path.slice(0, path.lastIndexOf('node_modules/'));
    return Object.keys(optionalDependencies).filter(
      (name) =>
        packages[`${folder}node_modules/${name}`] === undefined &&
        packages[`node_modules/${name}`] === undefined,
    );
  });
  expect(missing).toEqual([]);
});
