import { chmodSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadChecked } from '../../src/cli/checked-plan.ts';
import { makeCertificate } from '../../src/cli/demo/make-certificate.ts';
import { scratch } from '../support/scratch.ts';

const place = scratch();
const file = place.path('sluice.yaml');

beforeAll(async () => {
  const { cert, key } = await makeCertificate({ names: ['shop.example.com'] });
  writeFileSync(place.path('good.pem'), cert + key, { mode: 0o600 });
  writeFileSync(place.path('cert.pem'), cert);
});
afterAll(place.remove);

function check(control: string, certificates: string) {
  writeFileSync(
    file,
    `runtime: { control: ${control} }
certificates: [${certificates}]
shards: [{ name: default, binds: [{ listen: ":443", mode: tls, defaultBackend: web }] }]
backends: [{ name: web, servers: [{ name: a, address: "127.0.0.1:1" }] }]
`,
  );
  return loadChecked(file);
}

const wss = (more: string) =>
  `{ listen: "wss://127.0.0.1:0", tls: { cert: good.pem, key: good.pem }, ${more} }`;

describe('a configuration, with the files it names', () => {
  it('is right', async () => {
    expect(await check(wss('tokens: none'), '{ cert: good.pem }')).toMatchObject({ ok: false });
    expect(await check('{}', '{ cert: good.pem }')).toMatchObject({ ok: true, warnings: [] });
  });

  it('has what is wrong with files of consoles and of clients told at once, in its order', async () => {
    const result = await check(
      wss('tokens: none'),
      '{ cert: good.pem }, { cert: cert.pem }, { cert: nowhere.pem }',
    );
    expect(
      !result.ok &&
        result.errors.map(({ line, message }) => [line, message.replaceAll(`${place.folder}/`, '')]),
    ).toEqual([
      [1, 'there is no file none'],
      [2, 'cert.pem: it holds no private key; it holds CERTIFICATE'],
      [2, 'nowhere.pem: there is no such file'],
    ]);
  });

  it('is told of warnings of both, each once', async () => {
    chmodSync(place.path('good.pem'), 0o644);
    const result = await check(wss('origins: []'), '{ cert: good.pem }');
    expect(
      result.ok &&
        result.warnings.map(({ line, message }) => [line, message.replaceAll(`${place.folder}/`, '')]),
    ).toEqual([
      [1, 'every user of this machine can operate this runtime'],
      [1, 'everybody may read good.pem'],
      [2, 'good.pem: everybody on this machine may read this private key'],
    ]);
  });
});
