// Where this program's own entry files are: beside each other in dist, or in the sources.
import { fileURLToPath } from 'node:url';

export type Entry = 'main' | 'demo-servers' | 'demo-clients' | 'lab-servers' | 'lab-clients';

const inSources: Readonly<Record<Entry, string>> = {
  main: '../main.ts',
  'demo-servers': './demo-servers.ts',
  'demo-clients': './demo-clients.ts',
  'lab-servers': './lab/lab-servers.ts',
  'lab-clients': './lab/lab-clients.ts',
};

export function entryPath(entry: Entry): string {
  const bundled = import.meta.url.endsWith('.js');
  return fileURLToPath(new URL(bundled ? `./${entry}.js` : inSources[entry], import.meta.url));
}
