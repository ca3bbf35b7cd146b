import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Imported } from '../../../src/config/imported.ts';
import type { Plan } from '../../../src/domain/plan.ts';
import { withoutBadTls } from '../../../src/runtime/watch/imported-tls.ts';
import { plan } from '../fixture.ts';
import { tlsRoute } from '../tls-scene.ts';

const pem = (name: string) =>
  readFileSync(join(import.meta.dirname, '../../support/certificates', name), 'utf8');
const now = Date.UTC(2027, 0, 1);
const content = (path: string, text: string) => [path, { path, content: text, secret: false }] as const;
const contents = new Map([
  content('/k/good.crt', pem('server.pem')),
  content('/k/good.key', pem('server.key')),
  content('/k/other.key', pem('client.key')),
  content('/k/not.crt', 'not a certificate'),
]);

/** As if these had been imported; what is the configuration's own is named "own". */
function imported(routes: Plan['routes']): { plan: Plan; imported: Imported } {
  const theirs = routes.filter(({ name }) => name !== 'own');
  return {
    plan: plan({ routes }),
    imported: {
      configuration: {
        namespaces: [],
        backends: [],
        routes: theirs.map(({ name }) => ({ name, namespace: 'default', to: [] })),
      },
      places: new Map(theirs.map(({ name }, index) => [name, { file: 'routes.d/a.yaml', line: index + 1 }])),
      from: 'routes.d',
    },
  };
}
const certificate = (cert: string, key: string) => ({ tls: { certificate: { cert, key } } });

it.each<readonly [string, Plan['routes'], readonly string[], string | undefined]>([
  [
    'all is right',
    [tlsRoute('a', 'edge', certificate('/k/good.crt', '/k/good.key')), tlsRoute('b', 'edge')],
    ['a', 'b'],
    undefined,
  ],
  [
    'a key of another certificate',
    [tlsRoute('a', 'edge', certificate('/k/good.crt', '/k/other.key')), tlsRoute('b', 'edge')],
    ['b'],
    'route a: key: ',
  ],
  [
    'no certificate at all',
    [tlsRoute('a', 'edge', certificate('/k/not.crt', '/k/good.key'))],
    [],
    'route a: certificate: ',
  ],
  [
    'authorities that are none',
    [tlsRoute('a', 'reencrypt', { tls: { destinationCACertificate: '/k/not.crt' } })],
    [],
    'route a: destinationCACertificate: ',
  ],
  [
    'two that name it',
    [
      tlsRoute('a', 'edge', certificate('/k/not.crt', '/k/good.key')),
      tlsRoute('b', 'edge', certificate('/k/not.crt', '/k/good.key')),
    ],
    [],
    'route a: certificate: ',
  ],
  [
    'a file of the configuration is its own matter',
    [tlsRoute('own', 'edge', certificate('/nowhere.crt', '/nowhere.key')), tlsRoute('b', 'edge')],
    ['b'],
    undefined,
  ],
])('%s', async (_, routes, left, message) => {
  const scene = imported(routes);
  const right = await withoutBadTls(scene.plan, scene.imported, contents, now);
  expect(right.imported.configuration.routes.map(({ name }) => name)).toEqual(left);
  if (message === undefined) expect(right).toEqual({ imported: scene.imported, warnings: [] });
  else
    expect(right.warnings[0]).toMatchObject({
      file: 'routes.d/a.yaml',
      line: 1,
      message: expect.stringContaining(message),
      imported: true,
    });
});
