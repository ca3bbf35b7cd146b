// The access log says exactly what happened: one line for each request, none lost when the file is rotated.
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { request } from 'node:http';
import { dirname } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Origin, startOrigin } from '../support/origin.ts';
import { until } from '../support/processes.ts';
import { type Scratch, scratch } from '../support/scratch.ts';
import { type RunningSluice, startSluice } from '../support/sluice.ts';
import { bindOf } from './two-backends.ts';

let place: Scratch;
let origin: Origin;

beforeAll(async () => {
  place = scratch();
  origin = await startOrigin('app1', place.path('posts'));
});
afterAll(async () => {
  await origin?.process.stop();
  place?.remove();
});

async function serve(
  format: 'haproxy' | 'json',
  name = `${format}-access.log`,
): Promise<{ sluice: RunningSluice; port: number; log: string }> {
  const log = place.path(name);
  const sluice = await startSluice({
    yaml: `runtime:
  name: log
  accessLog: { path: ${log}, format: ${format} }
shards:
  - name: default
    binds: [{ name: http, listen: "127.0.0.1:0", mode: http, defaultBackend: web }]
backends:
  - name: web
    servers: [{ name: app1, address: "127.0.0.1:${origin.port}" }]
`,
  });
  return { sluice, port: (await bindOf(sluice, 'http')).port, log };
}

function get(port: number, path: string, method = 'GET'): Promise<number> {
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port, path, method, headers: { host: 'app' }, agent: false }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode!));
    })
      .on('error', reject)
      .end();
  });
}

const linesOf = (file: string) =>
  existsSync(file)
    ? readFileSync(file, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
    : [];

it('writes one JSON document for each request, and loses none in a rotation', async () => {
  const { sluice, port, log } = await serve('json');
  try {
    const asked: string[] = [];
    const ask = async (count: number, tag: string) => {
      for (let index = 0; index < count; index += 1) {
        const status = [200, 404, 500][index % 3]!;
        const path = `/${tag}/${index}?status=${status}`;
        asked.push(`${index % 4 === 0 ? 'POST' : 'GET'} ${path} ${status}`);
        expect(await get(port, path, index % 4 === 0 ? 'POST' : 'GET')).toBe(status);
      }
    };
    await ask(30, 'before');
    await until('30 lines', () => linesOf(log).length >= 30);
    renameSync(log, `${log}.1`);
    sluice.process.signal('SIGUSR1');
    await until('the log is opened again', () => existsSync(log));
    await ask(20, 'after');
    await until('20 more lines', () => linesOf(log).length >= 20);

    const both = [...linesOf(`${log}.1`), ...linesOf(log)].map(
      (line) => JSON.parse(line) as Record<string, unknown>,
    );
    expect(both.map(({ method, path, status }) => `${method} ${path} ${status}`)).toEqual(asked);
    expect(new Set(both.map(({ server }) => server))).toEqual(new Set(['web/app1']));
    expect(linesOf(log)).toHaveLength(20);
  } finally {
    await sluice.stop();
  }
});

it("writes HAProxy's HTTP log format", async () => {
  const { sluice, port, log } = await serve('haproxy');
  try {
    await get(port, '/cart?size=100');
    const [line] = await until('a line', () => (linesOf(log).length > 0 ? linesOf(log) : undefined));
    expect(line).toMatch(
      /127\.0\.0\.1:\d+ \[\d\d\/\w{3}\/\d{4}:\d\d:\d\d:\d\d\.\d{3}\] http web\/app1 \d+\/\d+\/\d+\/\d+\/\d+ 200 \d+ - - ---- \d+\/\d+\/\d+\/\d+\/0 \d+\/\d+ "GET \/cart\?size=100 HTTP\/1\.1"$/,
    );
  } finally {
    await sluice.stop();
  }
});

it('says at the terminal, in the journal and in the model that it cannot be written, until it can', async () => {
  const { sluice, port, log } = await serve('json', 'no/such/folder/access.log');
  try {
    const told = /^\d\d:\d\d:\d\d warning: instance default\/1: access log \S+: ENOENT/m;
    await until('the terminal is told', () => told.test(sluice.process.output()));
    const { journal } = (await sluice.json('show', 'journal')) as { journal: object[] };
    expect(journal).toContainEqual(
      expect.objectContaining({ severity: 'warning', text: expect.stringContaining('access log') }),
    );
    const text = async () =>
      ((await sluice.json('show', 'instances')) as { instances: { text?: string }[] }).instances[0]?.text;
    expect(await text()).toContain('ENOENT');
    mkdirSync(dirname(log), { recursive: true });
    sluice.process.signal('SIGUSR1');
    await until('the log is open', () => existsSync(log));
    expect(await text()).toBeUndefined();
    await get(port, '/now');
    await until('a line', () => linesOf(log).length === 1);
  } finally {
    await sluice.stop();
  }
});
