// The version of this program, from package.json: one folder above dist, two above src/cli.
import { readFileSync } from 'node:fs';

export function packageVersion(): string {
  const bundled = import.meta.url.endsWith('.js');
  const { version } = JSON.parse(
    readFileSync(new URL(bundled ? '../package.json' : '../../package.json', import.meta.url), 'utf8'),
  ) as { version: string };
  return version;
}
