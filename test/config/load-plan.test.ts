import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { Document, parse } from 'yaml';
import { formatProblems } from '../../src/config/format-problems.ts';
import { loadPlan, planFromText } from '../../src/config/load-plan.ts';
import { idOfName } from '../../src/config/server-ids.ts';
import type { Plan } from '../../src/domain/plan.ts';
import { plainShard } from '../support/plain-shard.ts';

const exampleFile = join(import.meta.dirname, 'sluice.yaml');
const example = readFileSync(exampleFile, 'utf8');
const place = { file: 'sluice.yaml', folder: '/etc/sluice' };

function planOf(text: string): Plan {
  const result = planFromText(text, place);
  if (!result.ok) throw new Error(JSON.stringify(result.errors, undefined, 1));
  return result.plan;
}

const least = `
shards: [{ name: default, binds: [{ listen: "127.0.0.1:0", mode: http, defaultBackend: web }] }]
backends: [{ name: web, servers: [{ name: app1, address: 127.0.0.1:8080 }] }]
`;

describe('the example', () => {
  it('becomes this plan', () => {
    expect(planOf(example)).toMatchSnapshot();
  });

  it('has nothing to warn of', () => {
    expect(planFromText(example, place)).toMatchObject({ ok: true, warnings: [] });
  });

  it('is read from its file, whose folder is where relative paths start', async () => {
    const result = await loadPlan(exampleFile);
    expect(result.ok && result.plan.runtime.journalFile).toBe(join(import.meta.dirname, 'journal.jsonl'));
  });
});

describe('the least configuration', () => {
  it('gets every default', () => {
    expect(planOf(least)).toEqual({
      hash: expect.stringMatching(/^[0-9a-f]{12}$/),
      runtime: {
        name: 'sluice',
        control: [{ address: { kind: 'unix', path: '/run/sluice/control.sock' }, origins: [] }],
        nft: { counters: false, atExit: 'remove' },
        grace: 30_000,
      },
      certificates: [],
      namespaces: [],
      shards: [
        {
          name: 'default',
          ...plainShard,
          binds: [
            {
              name: '127.0.0.1:0',
              address: { kind: 'ip', host: '127.0.0.1', port: 0 },
              mode: 'http',
              backend: 'web',
              maxConnections: 20_000,
              timeouts: { client: 30_000, request: 5_000, keepAlive: 60_000 },
              maxHeadBytes: 16_384,
              maxBodyBytes: 0,
              forwardedHeaders: 'replace',
            },
          ],
        },
      ],
      routes: [],
      backends: [
        {
          name: 'web',
          mode: 'http',
          algorithm: 'roundrobin',
          timeouts: { connect: 1_000, server: 30_000, queue: 5_000, tunnel: 3_600_000 },
          retries: 3,
          redispatch: true,
          maxIdleConnections: 1_000,
          servers: [
            {
              name: 'app1',
              id: idOfName('app1'),
              address: { kind: 'ip', host: '127.0.0.1', port: 8_080 },
              weight: 1,
              maxConnections: 0,
              backup: false,
              admin: 'ready',
            },
          ],
        },
      ],
    });
  });

  it("has its control socket in the user's runtime folder", () => {
    const result = planFromText(least, { ...place, runtimeFolder: '/run/user/1000' });
    expect(result.ok && result.plan.runtime.control[0]!.address).toEqual({
      kind: 'unix',
      path: '/run/user/1000/sluice/control.sock',
    });
  });
});

describe('a plan', () => {
  it('is named by what it says, not by how its file is laid out', () => {
    const shuffled = (value: unknown, order: readonly number[]): unknown => {
      if (Array.isArray(value)) return value.map((item) => shuffled(item, order));
      if (typeof value !== 'object' || value === null) return value;
      return Object.fromEntries(
        Object.entries(value)
          .map(([key, inner], index) => [key, shuffled(inner, order), order[index % order.length]!] as const)
          .sort((a, b) => a[2] - b[2])
          .map(([key, inner]) => [key, inner]),
      );
    };
    const values: unknown = parse(example);
    const { hash } = planOf(example);
    fc.assert(
      fc.property(
        fc.array(fc.nat(), { minLength: 3, maxLength: 9 }),
        fc.boolean(),
        fc.integer({ min: 2, max: 8 }),
        (order, comment, indent) => {
          const document = new Document(shuffled(values, order));
          if (comment) document.commentBefore = ' a comment';
          expect(planOf(document.toString({ indent })).hash).toBe(hash);
        },
      ),
      { numRuns: 30 },
    );
  });

  it.each([
    ['weight: 100', 'weight: 101'],
    ['weight: 100', 'weight: 100, admin: maint'],
    ['name: edge-1', 'name: edge-2'],
    ['/healthz', '/health'],
    ['10.0.0.11', '10.0.0.12'],
  ])('has another name with %s → %s', (from, to) => {
    expect(planOf(example.replace(from, to)).hash).not.toBe(planOf(example).hash);
  });

  it('keeps the ids of servers when their list is reordered or grows', () => {
    const idsOf = (names: readonly string[]) => {
      const servers = names.map((name, index) => `{ name: ${name}, address: "10.0.0.${index + 1}:80" }`);
      const text = least.replace(/servers: .*/, `servers: [${servers.join()}] }]`);
      return new Map(planOf(text).backends[0]!.servers.map(({ name, id }) => [name, id]));
    };
    const before = idsOf(['a', 'b', 'c']);
    const after = idsOf(['c', 'new', 'a', 'b']);
    for (const [name, id] of before) expect(after.get(name)).toBe(id);
  });

  it('takes the mode of a backend from what uses it', () => {
    const text = least.replace('mode: http, defaultBackend', 'mode: tcp, backend');
    expect(planOf(text).backends[0]!.mode).toBe('tcp');
  });
});

describe('a file that cannot be read', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-load-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const binary = join(folder, 'binary');
  writeFileSync(binary, Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0, 0xff]));
  const latin = join(folder, 'latin.yaml');
  writeFileSync(latin, Buffer.from('name: caf\xe9\n', 'latin1'));
  it.each([
    [join(import.meta.dirname, 'none.yaml'), 'there is no such file'],
    [import.meta.dirname, 'this is a folder, not a file'],
    [latin, 'this is not UTF-8 text'],
    [binary, 'this is a binary file, and a configuration is YAML text'],
  ])('%s: %s', async (file, message) => {
    const result = await loadPlan(file);
    expect(result).toEqual({ ok: false, source: '', errors: [expect.objectContaining({ file, message })] });
    // No place is made up.
    expect(formatProblems(result, { color: false })).toContain(`${file}: error: ${message}\n`);
  });
});
