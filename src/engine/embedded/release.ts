// The release of the program that runs here, from its package.json: one folder above dist, three above src/engine/embedded.
// Read once at the start: the files may be another release's by the time an operator looks.

import { readFileSync } from 'node:fs';

export function programRelease(): string {
  const bundled = import.meta.url.endsWith('.js');
  const file = new URL(bundled ? '../package.json' : '../../../package.json', import.meta.url);
  const { version } = JSON.parse(readFileSync(file, 'utf8')) as { version: string };
  return version;
}
