// Our table through the life of a runtime: made, adopted after kill -9, repaired, removed at a clean exit, left where that is
// wished. With the program as an operator starts it, in a namespace.
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createStar, nftablesFault, type Star } from '../support/namespaces.ts';
import { until } from '../support/processes.ts';
import { type RunningSluice, startSluice } from '../support/sluice.ts';

const fault = nftablesFault('nft', 'conntrack');
const peer = (name: string) => join(import.meta.dirname, '../support', name);

const yaml = (atExit: string) => `
runtime:
  name: here
  nft: { atExit: ${atExit} }
  grace: 1s
shards:
  - name: default
    binds:
      - { name: db, listen: "10.1.0.1:5432", mode: tcp, backend: db }
backends:
  - name: db
    mode: tcp
    servers:
      - name: app1
        service:
          address: 10.96.0.10:80
          endpoints: ["10.2.1.2:8080"]
`;

describe.skipIf(fault !== undefined)(`our table${fault === undefined ? '' : ` (${fault})`}`, () => {
  let star: Star;
  beforeAll(async () => {
    star = await createStar({ label: 'life', containers: 1 });
    // As a machine has a default route: without one the kernel says no before it translates.
    star.proxy.ask('ip', ['route', 'add', '10.96.0.0/16', 'dev', 'clients']);
    await star.containers[0]!.start(process.execPath, [peer('named-server.ts'), 'pod1', '8080'], {
      ready: /ready/,
    });
  });
  afterAll(() => star.remove());

  const listed = () => star.proxy.ask('nft', ['list', 'ruleset']);
  const ask = () => star.clients.ask(process.execPath, [peer('named-client.ts')], '- 10.1.0.1 5432\n').trim();
  const begin = (atExit: string) => startSluice({ yaml: yaml(atExit), under: star.proxy.prefix });
  const inForce = () => until('its rules are there', () => /dnat (?:ip )?to/.test(listed()));

  it('is made, adopted by the next runtime after kill -9, and put in force again after a flush', async () => {
    let sluice = await begin('remove');
    try {
      await inForce();
      expect(ask()).toMatch(/^- pod1 /);
      const before = listed();
      sluice.process.signal('SIGKILL');
      await sluice.process.exited;
      // What it left goes on translating.
      expect(listed()).toBe(before);
      sluice = await sluice.again();
      await until('it is its own', () => listed().includes(`owner.${sluice.pid}.`));
      expect(ask()).toMatch(/^- pod1 /);
      star.proxy.rules('flush ruleset\n');
      await inForce();
      await until('it is told', () => sluice.process.output().includes('put in force again'));
      expect(ask()).toMatch(/^- pod1 /);
    } finally {
      await sluice.stop();
    }
    expect(listed()).toBe('');
  });

  it('stays where the configuration says so', async () => {
    const sluice = await begin('stay');
    await inForce();
    await sluice.stop();
    expect(listed()).toContain('table inet sluice');
    expect(listed()).not.toContain('owner.');
    star.proxy.rules('flush ruleset\n');
  });

  it('is left alone by a runtime beside the one it belongs to', async () => {
    const first = await begin('remove');
    let second: RunningSluice | undefined;
    try {
      await inForce();
      second = await startSluice({
        yaml: yaml('remove').replace('5432', '5433').replace('10.96.0.10', '10.96.0.11'),
        under: star.proxy.prefix,
      });
      await until('it says so', () =>
        second!.process.output().includes(`belongs to the runtime with pid ${first.pid}`),
      );
      await second.stop();
      second = undefined;
      expect(ask()).toMatch(/^- pod1 /);
    } finally {
      await second?.stop();
      await first.stop();
    }
    expect(listed()).toBe('');
  });
});
