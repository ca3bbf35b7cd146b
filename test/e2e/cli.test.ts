// The program as it is shipped, run by hand: exit codes, messages and hints, as a script and an operator meet them.
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Origin, startOrigin } from '../support/origin.ts';
import { type Scratch, scratch } from '../support/scratch.ts';
import { type RunningSluice, sluice, startSluice } from '../support/sluice.ts';

let place: Scratch;
beforeAll(() => {
  place = scratch();
});
afterAll(() => place.remove());

describe('without a runtime', () => {
  it('prints its version', async () => {
    expect(await sluice(['--version'])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
    });
  });

  it('exits 3 with a hint what to start', async () => {
    const { code, output } = await sluice([
      'show',
      'servers',
      '--attach',
      `unix:${place.path('nobody.sock')}`,
    ]);
    expect(code).toBe(3);
    expect(output).toMatch(/sluice run|sluice demo/);
  });

  it('exits 2 for the console without a terminal, and says what to use', async () => {
    const { code, output } = await sluice([]);
    expect(code).toBe(2);
    expect(output).toMatch(/sluice show/);
  });

  it('exits 2 for a verb that does not exist, with the near one', async () => {
    const { code, output } = await sluice(['drian', 'web/app1']);
    expect(code).toBe(2);
    expect(output).toMatch(/drain/);
  });

  it('exits 2 for a wrong filter and points at the place', async () => {
    const { code, output } = await sluice(['tail', '--filter', 'sttus>=500']);
    expect(code).toBe(2);
    expect(output).toMatch(/status/);
    expect(output).toMatch(/\^/);
  });

  it('tells a failure as JSON when JSON was asked for', async () => {
    const { code, stdout } = await sluice([
      'show',
      'servers',
      '--json',
      '--attach',
      `unix:${place.path('nobody')}`,
    ]);
    expect(code).toBe(3);
    expect(JSON.parse(stdout)).toMatchObject({ error: { ending: 'no-runtime' } });
  });
});

describe('check', () => {
  const check = (yaml: string, ...args: string[]) => {
    writeFileSync(place.path('sluice.yaml'), yaml);
    return sluice(['check', '-c', place.path('sluice.yaml'), ...args]);
  };
  const right = `shards:
  - name: default
    binds: [{ listen: "127.0.0.1:8080", mode: http, defaultBackend: web }]
backends:
  - { name: web, servers: [{ name: app1, address: "127.0.0.1:9000" }] }
`;

  it('says that a right one is right', async () => {
    const { code, output } = await check(right);
    expect(output).toMatch(/is right: 1 bind, 0 routes, 1 backend, 1 server; plan [0-9a-f]{12}/);
    expect(code).toBe(0);
  });

  it('tells everything that is wrong at once, with places and remedies, and exits 2', async () => {
    const { code, output } = await check(
      right.replace('listen:', 'lisen:').replace('name: app1', 'name: app1, weight: 900'),
    );
    expect(code).toBe(2);
    expect(output).toMatch(/sluice\.yaml:3:\d+/);
    expect(output).toMatch(/sluice\.yaml:5:\d+/);
    expect(output).toMatch(/listen/);
    expect(output).toMatch(/2 errors|3 errors/);
  });

  it('gives the errors as JSON', async () => {
    const { code, stdout } = await check(right.replace('mode: http', 'mode: htp'), '--json');
    expect(code).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({ ok: false, errors: [{ line: 3 }] });
  });

  it('exits 2 for a file that is not there', async () => {
    const { code, output } = await sluice(['check', '-c', place.path('nowhere.yaml')]);
    expect(code).toBe(2);
    expect(output).toMatch(/nowhere\.yaml/);
  });

  it('prints the JSON Schema', async () => {
    const { code, stdout } = await sluice(['check', '--schema']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ type: 'object', properties: { backends: {} } });
  });
});

it('prints the control protocol as OpenRPC', async () => {
  const { code, stdout } = await sluice(['check', '--protocol']);
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ openrpc: expect.any(String) });
});

describe('with a runtime', () => {
  let origin: Origin;
  let running: RunningSluice;
  beforeAll(async () => {
    origin = await startOrigin('app1', place.path('posts'));
    running = await startSluice({
      yaml: `runtime:
  name: e2e
shards:
  - name: default
    binds: [{ name: http, listen: "127.0.0.1:0", mode: http, defaultBackend: web }]
routes: [{ name: shop, host: shop.example.com, to: [{ backend: web, weight: 100 }] }]
backends:
  - name: web
    check: { http: { path: /healthz }, interval: 500ms }
    servers:
      - { name: app1, address: "127.0.0.1:${origin.port}", weight: 100 }
      - { name: app2, address: "127.0.0.1:${origin.port}" }
`,
    });
  });
  afterAll(async () => {
    await running?.stop();
    await origin?.process.stop();
  });

  it.each([
    'servers',
    'backends',
    'binds',
    'routes',
    'shards',
    'certificates',
    'instances',
    'drift',
    'journal',
    'connections',
  ])('shows %s, for people and as one JSON document', async (table) => {
    const people = await running.verb('show', table);
    expect(people.output).not.toBe('');
    expect(people.code).toBe(0);
    const document = (await running.json('show', table)) as Record<string, unknown>;
    expect(document[table]).toBeInstanceOf(Array);
  });

  it('aligns a table and names the columns', async () => {
    const { stdout } = await running.verb('show', 'servers');
    expect(stdout).toMatch(/^server +address +admin +state +check/);
    expect(stdout).toMatch(/^web\/app1 +127\.0\.0\.1:\d+ +ready/m);
    expect(stdout).not.toContain('\x1b');
  });

  it('changes a weight, shows it in the journal, takes it back', async () => {
    const act = await running.verb('weight', 'web/app1', '30', '--json');
    expect(JSON.parse(act.stdout)).toMatchObject({ result: 'done' });
    const { journal } = (await running.json('show', 'journal')) as { journal: { subject: string }[] };
    expect(journal.at(-1)).toMatchObject({ subject: 'web/app1', result: 'done' });
    const undo = await running.verb('undo');
    expect(undo.code).toBe(0);
    const { servers } = (await running.json('show', 'servers')) as {
      servers: { key: string; weight: number }[];
    };
    expect(servers.find(({ key }) => key === 'web/app1')).toMatchObject({ weight: 100 });
  });

  it('exits 1 for a server that is not there, and says what is', async () => {
    const { code, output } = await running.verb('maint', 'web/app9');
    expect(code).toBe(1);
    expect(output).toMatch(/web\/app/);
  });

  it('drains an idle server within seconds, line by line', async () => {
    const { code, stdout } = await running.verb('drain', 'web/app2', '--wait', '--json');
    expect(code).toBe(0);
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { drain?: { phase: string } });
    expect(lines[0]).toMatchObject({ result: 'done' });
    expect(lines.at(-1)).toMatchObject({ drain: { phase: 'drained' } });
    expect((await running.verb('ready', 'web/app2')).code).toBe(0);
  });

  it('tails what ends, one JSON document a line, with nothing a terminal would obey', async () => {
    const { binds } = (await running.json('show', 'binds')) as { binds: { address: string }[] };
    const tail = running.verb('tail', '--count', '1', '--json', '--filter', 'path~/evil');
    // Asked again and again, since nobody tells when the tail has begun.
    let done = false;
    void tail.then(() => {
      done = true;
    });
    while (!done) {
      await fetch(`http://${binds[0]!.address}/evil/%1b?x=\u202e`).then((response) => response.text());
    }
    const { code, stdout } = await tail;
    expect(code).toBe(0);
    expect(stdout).toMatch(/^[ -~]+\n$/);
    expect(JSON.parse(stdout)).toMatchObject({ method: 'GET', status: 200 });
  });

  it('ends one connection by its id, and says when there is none of that name', async () => {
    const { binds } = (await running.json('show', 'binds')) as { binds: { address: string }[] };
    const [host, port] = binds[0]!.address.split(':');
    const socket = connect(Number(port), host!);
    // A killed connection may be reset: that is an end like another.
    const closed = new Promise((resolve) => void socket.on('error', () => {}).once('close', resolve));
    socket.write('GET /mine?size=4 HTTP/1.1\r\nHost: shop.example.com\r\n\r\n');
    await once(socket, 'data');
    const filter = `client=${socket.localAddress}:${socket.localPort}`;
    const { connections } = (await running.json('show', 'connections', '--filter', filter)) as {
      connections: { id: string; path: string }[];
    };
    expect(connections).toMatchObject([{ path: '/mine?size=4' }]);
    expect((await running.verb('kill', connections[0]!.id)).code).toBe(0);
    await closed;
    const again = await running.verb('kill', 'nobody-1');
    expect(again.code).toBe(1);
    expect(again.output).toMatch(/nobody-1/);
  });

  it('writes drift back into the file, shows none any more, and undoes it', async () => {
    const file = running.place.path('sluice.yaml');
    const before = readFileSync(file, 'utf8');
    expect((await running.verb('write-back', 'web/app1')).stdout).toMatch(/as configured already/);
    expect((await running.verb('maint', 'web/app2')).code).toBe(0);
    expect((await running.verb('weight', 'web/app1', '7')).code).toBe(0);
    for (const server of ['web/app1', 'web/app2']) {
      const { code, stdout } = await running.verb('write-back', server, '--yes');
      expect(stdout).toMatch(/is written to .*sluice\.yaml \(plan [0-9a-f]{12} → [0-9a-f]{12}\)/);
      expect(code).toBe(0);
    }
    const after = before
      .replace('weight: 100 }\n      - { name: app2', 'weight: 7 }\n      - { name: app2')
      .replace(/(name: app2, .*") }/, '$1, admin: maint }');
    expect(readFileSync(file, 'utf8')).toBe(after);
    expect(await running.json('show', 'drift')).toEqual({ drift: [] });
    const { servers } = (await running.json('show', 'servers')) as { servers: object[] };
    expect(servers).toMatchObject([
      { admin: 'ready', weight: 7, configuredWeight: 7 },
      { admin: 'maint', configuredAdmin: 'maint', operational: 'paused' },
    ]);
    // The file is what the runtime would load now.
    expect((await running.verb('reload')).stdout).toMatch(/nothing changed/);
    writeFileSync(file, `${after}# edited\n`);
    const refused = await running.verb('undo');
    expect(refused.code).toBe(1);
    expect(refused.output).toMatch(/was edited since/);
    writeFileSync(file, after);
    for (let acts = 0; acts < 4; acts++) expect((await running.verb('undo')).code).toBe(0);
    expect(readFileSync(file, 'utf8')).toBe(before);
    expect(await running.json('show', 'drift')).toEqual({ drift: [] });
  });
});
