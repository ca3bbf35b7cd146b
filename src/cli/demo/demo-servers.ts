// Process: the demo's servers, most of them with and without TLS. Also makes the run's certificates, and is the janitor: when
// the demo's parent was killed, it removes what the demo left on disk.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { leaveWithParent, tellParent } from './child.ts';
import type { DemoPorts } from './configuration.ts';
import { writeDemoCertificates } from './demo-certificates.ts';
import { removeWhenAlone } from './janitor.ts';
import { type Credentials, characters, lineServer, listen, webServer } from './origins.ts';

const { swift, steady, flapping, slow } = characters;
const folder = process.argv[2] ?? '.';
await writeDemoCertificates(folder);
const tls: Credentials = {
  cert: await readFile(join(folder, 'servers.pem')),
  key: await readFile(join(folder, 'servers.key')),
};
const ports: DemoPorts = {
  web: await Promise.all([swift, steady, flapping].map((character) => webServer(character, tls))),
  api: await Promise.all([steady, slow].map((character) => webServer(character, tls))),
  pay: await Promise.all([swift, steady].map((character) => webServer(character, tls))),
  tickets: await Promise.all([swift, swift, steady].map((character) => webServer(character, tls))),
  media: await Promise.all([steady, steady].map((character) => webServer(character))),
  legacy: [await webServer(steady)],
  db: [{ plain: await listen(lineServer()) }, { plain: await listen(lineServer()) }],
};
tellParent({ ports });

leaveWithParent(() => {
  void removeWhenAlone(process.argv[2]).finally(() => process.exit(0));
});
