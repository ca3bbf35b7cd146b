import { chmodSync, copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { loadChecked } from '../../src/cli/checked-plan.ts';
import { tokenLine } from '../../src/runtime/control/tokens.ts';
import { type Scratch, scratch } from '../support/scratch.ts';

const certificates = new URL('../support/certificates/', import.meta.url);
let place: Scratch;

beforeEach(() => {
  place = scratch();
  for (const name of ['server.pem', 'server.key', 'client.key', 'ca.pem'])
    copyFileSync(new URL(name, certificates), place.path(name));
  for (const name of ['server.key', 'client.key']) chmodSync(place.path(name), 0o600);
  writeFileSync(place.path('tokens'), `${tokenLine('anna', 'operator', 'secret')}\n`, { mode: 0o600 });
});
afterEach(() => place.remove());

/** Rows 5 to 8 are the files. */
function check(over: { cert?: string; key?: string; clientCa?: string; tokens?: string } = {}) {
  const { cert = 'server.pem', key = 'server.key', clientCa = 'ca.pem', tokens = 'tokens' } = over;
  writeFileSync(
    place.path('sluice.yaml'),
    `runtime:
  control:
    listen: wss://127.0.0.1:7443
    tls:
      cert: ${cert}
      key: ${key}
      clientCa: ${clientCa}
    tokens: ${tokens}
shards: [{ name: default, binds: [{ listen: ":8080", mode: http, defaultBackend: web }] }]
backends: [{ name: web, servers: [{ name: app1, address: "127.0.0.1:9000" }] }]
`,
  );
  return loadChecked(place.path('sluice.yaml'));
}

it('says nothing of files that are right', async () => {
  expect(await check()).toMatchObject({ ok: true, warnings: [] });
});

it.each([
  [{ cert: 'none.pem' }, 5, 'runtime.control.tls.cert', /^there is no file \/.*none\.pem$/],
  [{ cert: 'server.key' }, 5, 'runtime.control.tls.cert', /server\.key holds no certificate/],
  [{ cert: 'folder' }, 5, 'runtime.control.tls.cert', /is a folder$/],
  [{ key: 'none.key' }, 6, 'runtime.control.tls.key', /^there is no file/],
  [{ key: 'server.pem' }, 6, 'runtime.control.tls.key', /server\.pem holds no private key/],
  [
    { key: 'client.key' },
    6,
    'runtime.control.tls.key',
    /client\.key is not the key of the certificate in \S+$/,
  ],
  [{ clientCa: 'tokens' }, 7, 'runtime.control.tls.clientCa', /tokens holds no certificate/],
  [{ tokens: 'none' }, 8, 'runtime.control.tokens', /^there is no file/],
  [
    { tokens: 'open' },
    8,
    'runtime.control.tokens',
    /others than its owner may read it \(mode 644\): chmod 600/,
  ],
  [{ tokens: 'wrong' }, 8, 'runtime.control.tokens', /wrong:2: not "NAME viewer\|operator SHA256-HEX"/],
])('%o is an error in line %i', async (over, line, path, message) => {
  mkdirSync(place.path('folder'));
  writeFileSync(place.path('open'), '', { mode: 0o644 });
  writeFileSync(place.path('wrong'), '# who may\nanna operator secret\n', { mode: 0o600 });
  expect(await check(over)).toMatchObject({
    ok: false,
    errors: [{ line, path, message: expect.stringMatching(message) }],
  });
});

it('tells all of them at once', async () => {
  const result = await check({ cert: 'a', key: 'b', clientCa: 'c', tokens: 'd' });
  expect(result.ok ? [] : result.errors.map(({ line }) => line)).toEqual([5, 6, 7, 8]);
});

it('warns of a key that everybody may read', async () => {
  chmodSync(place.path('server.key'), 0o644);
  expect(await check()).toMatchObject({
    ok: true,
    warnings: [{ line: 6, message: expect.stringContaining('everybody may read') }],
  });
});
