import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadChecked } from '../../src/cli/checked-plan.ts';
import { makeCertificate } from '../../src/cli/demo/make-certificate.ts';
import type { CliFailure } from '../../src/cli/failure.ts';
import { type ImportOptions, importFiles } from '../../src/cli/import.ts';
import type { GlobalOptions } from '../../src/cli/options.ts';
import { controller, json, route, slice } from '../config/kubernetes/objects.ts';
import { scratch } from '../support/scratch.ts';
import { fakeTerminal } from './terminal.ts';

const place = scratch();
const input = place.path('routes.yaml');
let secured: string;
beforeAll(async () => {
  const { cert, key } = await makeCertificate({ names: ['shop.example.com'] });
  secured = json(route({ tls: { termination: 'edge', certificate: cert, key } }), slice());
  writeFileSync(input, json(route(), slice(), { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a' } }));
  writeFileSync(place.path('secured.json'), secured);
});
afterAll(place.remove);

async function run(
  names: readonly string[],
  options: ImportOptions = {},
  global: GlobalOptions & { readonly answers?: boolean[] } = {},
) {
  const { answers, ...rest } = global;
  const terminal = fakeTerminal(answers === undefined ? {} : { answers });
  const failure = await importFiles(
    { terminal, env: {}, version: '1.2.3', options: rest },
    names,
    options,
  ).then(
    () => undefined,
    (error: CliFailure) => error,
  );
  return { printed: terminal.printed.join('\n'), noted: terminal.noted.join('\n'), failure };
}

describe('sluice import', () => {
  it('prints a configuration, and tells of the rest beside it', async () => {
    const { printed, noted, failure } = await run([input]);
    expect(failure).toBeUndefined();
    writeFileSync(place.path('printed.yaml'), printed);
    expect(await loadChecked(place.path('printed.yaml'))).toMatchObject({ ok: true });
    expect(printed).toMatch(
      /^# Made by sluice import of .*routes.yaml: 1 shard, 1 route, 1 backend, 2 servers\.\n/,
    );
    expect(noted).toContain('Found: 1 Route, 1 EndpointSlice, 1 Pod');
    expect(noted).toContain(`${input}:5 note: 1 Pod: not used`);
  });

  it('writes it, and the certificates for nobody else to read, where they are found from there', async () => {
    mkdirSync(place.path('etc'));
    const output = place.path('etc/sluice.yaml');
    const certificates = place.path('etc/certs');
    expect(await run([place.path('secured.json')], { output, certificates })).toMatchObject({
      printed: '',
      failure: undefined,
    });
    expect(await loadChecked(output)).toMatchObject({ ok: true });
    const key = place.path('etc/certs/store_shop.key');
    expect([statSync(key).mode & 0o777, statSync(certificates).mode & 0o777]).toEqual([0o600, 0o700]);
  });

  it('overwrites only what it is told to', async () => {
    const output = place.path('there.yaml');
    writeFileSync(output, 'mine');
    expect((await run([input], { output })).failure).toMatchObject({
      ending: 'refused',
      hint: 'overwrite with --yes',
    });
    expect((await run([input], { output }, { answers: [false] })).failure).toMatchObject({
      ending: 'refused',
    });
    expect(readFileSync(output, 'utf8')).toBe('mine');
    expect((await run([input], { output }, { yes: true })).failure).toBeUndefined();
    expect((await run([input], { output }, { answers: [true] })).failure).toBeUndefined();
    expect(await loadChecked(output)).toMatchObject({ ok: true });
  });

  it('reads folders, each file that is YAML or JSON', async () => {
    mkdirSync(place.path('routes.d'));
    writeFileSync(place.path('routes.d/a.yml'), json(route()));
    writeFileSync(place.path('routes.d/b.json'), json(slice()));
    writeFileSync(place.path('routes.d/notes.txt'), '{');
    expect((await run([place.path('routes.d')])).noted).toContain('Found: 1 Route, 1 EndpointSlice');
  });

  it.each([
    ['nowhere.yaml', undefined, 'usage', /there is no such file/],
    ['binary.yaml', 'a\0b', 'usage', /binary file/],
    ['broken.yaml', 'a: [', 'usage', /not readable, so nothing was written/],
    ['empty.yaml', '', 'refused', /nothing in it that could be served/],
    ['pods.yaml', 'kind: Pod\napiVersion: v1\n', 'refused', /nothing in it that could be served/],
    [
      'selector.yaml',
      json(route(), controller({ routeSelector: 'a=b' })),
      'refused',
      /none of its IngressControllers can be served/,
    ],
  ])('of %s fails, and writes nothing', async (name, text, ending, message) => {
    if (text !== undefined) writeFileSync(place.path(name), text);
    const output = place.path('never.yaml');
    const { failure } = await run([place.path(name)], { output });
    expect(failure).toMatchObject({ ending, message: expect.stringMatching(message) });
    expect(() => statSync(output)).toThrow();
  });

  it('of more than a configuration can hold says what to do instead', async () => {
    const entries = Array.from(
      { length: 2_000 },
      (_, index) =>
        `- ${JSON.stringify(route({ host: 'a.example.com', path: `/${'x'.repeat(2_100)}` }, { name: `r${index}` }))}\n`,
    );
    writeFileSync(place.path('large.yaml'), `kind: List\nitems:\n${entries.join('')}`);
    expect((await run([place.path('large.yaml')])).failure).toMatchObject({
      ending: 'refused',
      hint: expect.stringContaining('runtime.watch'),
    });
  });

  it('is one document with --json', async () => {
    const { printed, noted } = await run([input], {}, { json: true });
    expect(noted).toBe('');
    expect(JSON.parse(printed)).toMatchObject({
      found: { Route: 1, EndpointSlice: 1, Pod: 1 },
      made: { shards: 1, routes: 1, backends: 1 },
      configuration: expect.stringContaining('store:shop'),
      notes: [{ file: input, line: 5, severity: 'note' }],
    });
  });
});
