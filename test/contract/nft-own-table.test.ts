// Our table in a real kernel: in namespaces, with real packets.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/cli/system-clock.ts';
import { jhash } from '../../src/domain/jhash.ts';
import type { Expression } from '../../src/nft/json.ts';
import { createNft } from '../../src/nft/process/run-nft.ts';
import { createOwnTable, type OwnTableOptions } from '../../src/nft/table/create-own-table.ts';
import type { OwnTable } from '../../src/nft/table/own-table.ts';
import {
  noPart,
  type TablePart,
  type WishedElement,
  type WishedRule,
  type WishedSet,
} from '../../src/nft/table/table-part.ts';
import { createNetwork, type Namespace, type Network, nftablesFault } from '../support/namespaces.ts';
import { start, until } from '../support/processes.ts';
import { scratch } from '../support/scratch.ts';

const fault = nftablesFault('nft');

const saddr: Expression = { payload: { protocol: 'ip', field: 'saddr' } };
const match = (left: Expression, right: string): Expression => ({ match: { op: '==', left, right } });

/** Drops what comes from a set, which counts for each element. */
function blocks(...elements: readonly WishedElement[]): TablePart {
  return {
    counters: [{ name: 'block_all', comment: 'all that was blocked' }],
    sets: [
      {
        name: 'block_ipv4',
        type: ['ipv4_addr'],
        flags: ['interval', 'timeout'],
        counted: true,
        elements,
      },
    ],
    chains: [
      {
        name: 'block_input',
        base: { type: 'filter', hook: 'input', priority: -10 },
        rules: [
          {
            comment: 'blocked',
            expressions: [match(saddr, '@block_ipv4'), { counter: 'block_all' }, { drop: null }],
          },
        ],
      },
    ],
  };
}

function counting(rules: readonly WishedRule[], ...counters: readonly string[]): TablePart {
  return {
    counters: counters.map((name) => ({ name, comment: `web / ${name}` })),
    sets: [],
    chains: [{ name: 'count_input', base: { type: 'filter', hook: 'input', priority: 10 }, rules }],
  };
}
const countFrom = (address: string, counter: string): WishedRule => ({
  expressions: [match(saddr, address), { counter }],
});

describe.skipIf(fault !== undefined)(`our own table${fault === undefined ? '' : ` (${fault})`}`, () => {
  let network: Network;
  let here: Namespace;
  let peer: Namespace;
  const tables: OwnTable[] = [];
  beforeEach(() => {
    network = createNetwork('table');
    here = network.namespace('here');
    peer = network.namespace('peer');
    network.link(
      { in: here, device: 'eth0', addresses: ['10.9.0.1/24'] },
      { in: peer, device: 'eth0', addresses: ['10.9.0.2/24', '10.9.0.3/24'] },
    );
  });
  afterEach(async () => {
    for (const table of tables.splice(0)) await table.close('stay').catch(() => {});
    await network.remove();
  });

  const nft = () => createNft({ command: [...here.prefix, 'nft'], clock: systemClock });
  function open(options: Partial<OwnTableOptions> = {}): OwnTable {
    const table = createOwnTable({ nft: nft(), clock: systemClock, ...options });
    tables.push(table);
    return table;
  }
  const listed = () => here.ask('nft', ['list', 'ruleset']);
  const handles = () => [...here.ask('nft', ['-a', 'list', 'ruleset']).matchAll(/(\S+) \{ # handle (\d+)/g)];

  /** That many packets, each alone. */
  async function ping(from: string, count: number): Promise<boolean> {
    const { code } = await peer.run('node', [
      join(import.meta.dirname, '../support/send-packets.ts'),
      from,
      '10.9.0.1',
      `${count}`,
    ]);
    return code === 0;
  }

  it('is made, counts packets and bytes as they come, and is gone after it is closed', async () => {
    const table = open();
    expect(table.state).toEqual({ state: 'none' });
    await table.set('count', counting([countFrom('10.9.0.2', 'count_two')], 'count_two'));
    expect(table.state).toEqual({ state: 'in-force' });
    expect(await ping('10.9.0.2', 7)).toBe(true);
    expect(await ping('10.9.0.3', 5)).toBe(true);
    // UDP of 100 bytes, 8 of its head, 20 of IPv4's.
    expect(await table.counters()).toEqual(new Map([['count_two', { packets: 7, bytes: 7 * 128 }]]));
    await table.close('remove');
    expect(listed()).toBe('');
    await expect(table.set('count', noPart)).rejects.toMatchObject({ name: 'NftError' });
  });

  it('keeps the counts of counters and elements when rules and elements change', async () => {
    const table = open();
    await table.set('block', blocks({ value: '10.9.0.3', comment: 'scanner' }));
    await table.set('count', counting([countFrom('10.9.0.2', 'count_two')], 'count_two'));
    await ping('10.9.0.2', 3);
    await ping('10.9.0.3', 4);
    await table.set(
      'count',
      counting(
        [countFrom('10.9.0.2', 'count_two'), countFrom('10.9.0.3', 'count_three')],
        'count_two',
        'count_three',
      ),
    );
    await table.set(
      'block',
      blocks(
        { value: '10.9.0.3', comment: 'scanner' },
        { value: { prefix: { addr: '192.0.2.0', len: 24 } } },
      ),
    );
    expect(await table.counters()).toEqual(
      new Map([
        ['block_all', { packets: 4, bytes: 512 }],
        ['count_two', { packets: 3, bytes: 384 }],
        ['count_three', { packets: 0, bytes: 0 }],
      ]),
    );
    expect(await table.elements('block_ipv4')).toEqual([
      { value: '10.9.0.3', comment: 'scanner', counter: { packets: 4, bytes: 512 } },
      { value: { prefix: { addr: '192.0.2.0', len: 24 } }, counter: { packets: 0, bytes: 0 } },
    ]);
  });

  it('does nothing where nothing differs, and touches only what does', async () => {
    const table = open();
    await table.set('block', blocks({ value: '10.9.0.3' }));
    await table.set('count', counting([countFrom('10.9.0.2', 'count_two')], 'count_two'));
    const before = here.ask('nft', ['-a', 'list', 'ruleset']);
    await table.set('block', blocks({ value: '10.9.0.3' }));
    await table.set('count', counting([countFrom('10.9.0.2', 'count_two')], 'count_two'));
    expect(here.ask('nft', ['-a', 'list', 'ruleset'])).toBe(before);
    await table.set('block', blocks());
    const after = here.ask('nft', ['-a', 'list', 'chain', 'inet', 'sluice', 'block_input']);
    expect(before).toContain(after.split('\n').find((line) => line.includes('"blocked"'))!);
  });

  it('changes base chains, sets of another type, and what others refer to', async () => {
    const table = open();
    const withGoal = (priority: number, type: string, data: string): TablePart => ({
      counters: [{ name: 'path_hits', comment: '' }],
      sets: [
        {
          name: 'path_to',
          type: [type],
          to: 'verdict',
          flags: [],
          counted: false,
          elements: [{ value: type === 'inet_service' ? 80 : '10.0.0.1', data: { goto: { target: data } } }],
        },
        {
          name: 'path_hit',
          type: ['ipv4_addr', 'inet_service'],
          to: 'counter',
          flags: [],
          counted: false,
          elements: [{ value: { concat: ['10.0.0.1', 80] }, data: 'path_hits' }],
        },
      ],
      chains: [
        {
          name: 'path_in',
          base: { type: 'filter', hook: 'input', priority },
          rules: [
            {
              expressions: [
                {
                  vmap: {
                    key:
                      type === 'inet_service'
                        ? { payload: { protocol: 'tcp', field: 'dport' } }
                        : { payload: { protocol: 'ip', field: 'daddr' } },
                    data: '@path_to',
                  },
                },
              ],
            },
          ],
        },
        { name: data, rules: [{ expressions: [{ counter: 'path_hits' }] }] },
      ],
    });
    await table.set('path', withGoal(0, 'inet_service', 'path_goal'));
    await table.set('path', withGoal(0, 'inet_service', 'path_other'));
    await table.set('path', withGoal(5, 'ipv4_addr', 'path_other'));
    expect(listed()).toMatch(/priority filter \+ 5[\s\S]*ip daddr vmap @path_to/);
    expect(listed()).toContain('10.0.0.1 : goto path_other');
    expect(listed()).not.toContain('path_goal');
    await table.set('path', noPart);
    expect(listed()).toBe('');
    expect(table.state).toEqual({ state: 'none' });
  });

  it('is as it was where a change is refused, and says so', async () => {
    const table = open();
    await table.set('count', counting([countFrom('10.9.0.2', 'count_two')], 'count_two'));
    const before = here.ask('nft', ['-a', 'list', 'ruleset']);
    const states: string[] = [];
    table.changes(({ state, text }) => states.push(`${state} ${text ?? ''}`));
    await expect(
      table.set('count', counting([countFrom('10.9.0.2', 'count_nowhere')], 'count_two', 'count_new')),
    ).rejects.toMatchObject({ name: 'NftError', code: 'refused' });
    expect(here.ask('nft', ['-a', 'list', 'ruleset'])).toBe(before);
    expect(states).toEqual([expect.stringMatching(/^failed count: /)]);
    await table.set('count', counting([countFrom('10.9.0.2', 'count_two')], 'count_two'));
    expect(table.state).toEqual({ state: 'in-force' });
  });

  it.each([
    ['a name with a "-"', { ...noPart, counters: [{ name: 'count_a-b', comment: '' }] }],
    ['a name with an escape', { ...noPart, counters: [{ name: 'a\u001b[31m', comment: '' }] }],
    [
      'a comment with a quotation mark',
      { ...noPart, counters: [{ name: 'a', comment: '"; flush ruleset; #' }] },
    ],
    ['a comment of several lines', { ...noPart, counters: [{ name: 'a', comment: 'x\nflush ruleset' }] }],
    ['a comment that is too long', { ...noPart, counters: [{ name: 'a', comment: 'ä'.repeat(64) }] }],
    ['a NUL', { ...noPart, counters: [{ name: 'a\0', comment: '' }] }],
    ['our own mark', { ...noPart, counters: [{ name: 'owner.1.1', comment: '' }] }],
    [
      'a type that is none',
      { ...noPart, sets: [{ name: 's', type: ['ipv4_addr; }'], flags: [], counted: false, elements: [] }] },
    ],
  ] satisfies [string, TablePart][])('refuses %s before nft sees it', async (_, part) => {
    const table = open();
    await expect(table.set('count', part)).rejects.toMatchObject({ name: 'NftError', code: 'refused' });
    expect(listed()).toBe('');
  });

  it('lets elements go in time, and adds, removes and prolongs them around that', async () => {
    const table = open();
    const at = Date.now();
    await table.set(
      'block',
      blocks({ value: '10.0.0.1', until: at + 1_000 }, { value: '10.0.0.2', until: at + 60_000 }),
    );
    await until('the kernel let it go', () => !listed().includes('10.0.0.1'));
    await table.set('block', blocks({ value: '10.0.0.2' }, { value: '10.0.0.3' }));
    expect(listed()).toMatch(/elements = \{ 10\.0\.0\.2 counter packets 0 bytes 0, 10\.0\.0\.3 counter/);
    // Its time is over by the clock here, and the kernel has it a little longer.
    const soon = Date.now() + 700;
    await table.set('block', blocks({ value: '10.0.0.4', until: soon }));
    await until('its time is over', () => Date.now() > soon);
    await table.set('block', blocks({ value: '10.0.0.4', until: Date.now() + 100_000 }));
    expect(listed()).toMatch(/10\.0\.0\.4 counter packets 0 bytes 0 timeout 1m40s/);
  });

  it('puts itself in force again where somebody flushed the ruleset, and says so', async () => {
    const table = open({ lookMs: 100 });
    await table.set('block', blocks({ value: '10.9.0.3' }));
    await table.set('count', counting([countFrom('10.9.0.2', 'count_two')], 'count_two'));
    const told: string[] = [];
    table.changes(({ state, text }) => told.push(`${state}: ${text ?? ''}`));
    here.rules('flush ruleset');
    await until('it is there again', () => listed().includes('10.9.0.3'));
    expect(listed()).toContain('counter name "count_two"');
    await until('it is told', () => told.length > 0);
    expect(told).toEqual(['in-force: the table was removed by somebody else, and put in force again']);
    // Rules alone are missed a little later.
    here.rules('flush chain inet sluice block_input');
    await until('its rule is there again', () => listed().includes('"blocked"'));
    // A change that meets it is not refused for that.
    here.rules('delete table inet sluice');
    await table.set('block', blocks({ value: '10.9.0.2' }));
    expect(listed()).toMatch(/10\.9\.0\.2 counter/);
    expect(listed()).toContain('counter name "count_two"');
  });

  it('follows the newest of many wishes, one after the other', async () => {
    const table = open();
    const all = Array.from({ length: 40 }, (_, index) =>
      table.set('block', blocks(...Array.from({ length: index + 1 }, (_, n) => ({ value: `10.0.1.${n}` })))),
    );
    await Promise.all(all);
    expect((await table.elements('block_ipv4')).length).toBe(40);
  });

  it('is adopted after a runtime that was killed: counts, elements and times go on, what nobody wishes goes', async () => {
    const place = scratch();
    try {
      const program = place.path('dies.ts');
      const src = join(import.meta.dirname, '../../src');
      writeFileSync(
        program,
        `import { createNft } from '${src}/nft/process/run-nft.ts';
import { createOwnTable } from '${src}/nft/table/create-own-table.ts';
import { systemClock } from '${src}/cli/system-clock.ts';
const [prefix, parts] = process.argv.slice(2).map((text) => JSON.parse(text));
const table = createOwnTable({ nft: createNft({ command: [...prefix, 'nft'], clock: systemClock }), clock: systemClock });
for (const [name, part] of parts) await table.set(name, part);
console.log('set');
setInterval(() => {}, 1000);
`,
      );
      const first = [
        ['block', blocks({ value: '10.9.0.3', comment: 'scanner', until: Date.now() + 500_000 })],
        ['count', counting([countFrom('10.9.0.2', 'count_two')], 'count_two', 'count_gone')],
        ['path', { ...noPart, chains: [{ name: 'path_old', rules: [] }] }],
      ];
      const dies = await start(
        process.execPath,
        [program, JSON.stringify(here.prefix), JSON.stringify(first)],
        { ready: /set/ },
      );
      await ping('10.9.0.2', 3);
      await ping('10.9.0.3', 2);

      // While it lives, the table is its own.
      const early = open();
      await expect(early.set('block', blocks())).rejects.toThrow(/belongs to the runtime with pid \d+/);
      expect(early.state).toMatchObject({ state: 'failed' });
      await early.close('remove').catch(() => {});
      expect(listed()).toContain('10.9.0.3');
      dies.signal('SIGKILL');
      await dies.exited;

      const table = open();
      const found = await table.found();
      expect(found.get('block_ipv4')).toMatchObject([
        { value: '10.9.0.3', comment: 'scanner', timeoutMs: expect.any(Number), counter: { packets: 2 } },
      ]);
      const { expiresMs } = found.get('block_ipv4')![0]!;
      await table.set(
        'block',
        blocks({ value: '10.9.0.3', comment: 'scanner', until: Date.now() + expiresMs! }),
      );
      // What another part has is not touched by that.
      expect(listed()).toContain('chain path_old');
      await table.set('count', counting([countFrom('10.9.0.2', 'count_two')], 'count_two'));
      await table.adopted();
      expect(listed()).not.toMatch(/path_old|count_gone/);
      expect(await table.counters()).toMatchObject(
        new Map([
          ['count_two', { packets: 3, bytes: 384 }],
          ['block_all', { packets: 2, bytes: 256 }],
        ]),
      );
      expect((await table.elements('block_ipv4'))[0]?.counter?.packets).toBe(2);
      expect(handles().length).toBeGreaterThan(0);
    } finally {
      place.remove();
    }
  });

  it('asks nothing of nft as long as nothing is wished', async () => {
    const table = createOwnTable({
      nft: createNft({ command: ['/nowhere/nft'], clock: systemClock }),
      clock: systemClock,
    });
    await table.set('block', noPart);
    await table.adopted();
    expect(table.state).toEqual({ state: 'none' });
    expect(await table.found()).toEqual(new Map());
    await expect(table.set('block', blocks())).rejects.toMatchObject({ code: 'missing' });
    expect(table.state).toMatchObject({ state: 'failed' });
    await table.close('remove');
  });

  it('stays where it is wished to, for whoever comes next', async () => {
    const table = open();
    await table.set('count', counting([countFrom('10.9.0.2', 'count_two')], 'count_two'));
    await table.close('stay');
    expect(listed()).toContain('count_two');
    expect(listed()).not.toContain('owner.');
    const next = open();
    await next.adopted();
    expect(listed()).toBe('');
  });

  it('never touches what is not its own', async () => {
    here.rules('table inet other { chain c { type filter hook input priority 0; counter; }\n}\n');
    const table = open();
    await table.set('block', blocks({ value: '10.9.0.3' }));
    await table.close('remove');
    expect(listed()).toContain('table inet other');
  });

  it('gets from any content to any other', async () => {
    const table = open();
    for (let step = 0; step < 60; step += 1) {
      const part = randomPart((n) => jhash([step, n & 255, n >> 8], 11));
      await table.set('path', part);
      const text = listed();
      for (const { name } of part.counters) expect(text).toContain(`counter ${name} {`);
      for (const { name, rules } of part.chains) {
        const chain = text.split(`chain ${name} {\n`)[1]?.split(/^\t}/m)[0] ?? 'missing';
        const lines = chain.split('\n').filter((line) => line.trim() !== '' && !line.includes('hook input'));
        expect(lines).toHaveLength(rules.length);
      }
      for (const { name, elements } of part.sets)
        expect(await table.elements(name)).toHaveLength(elements.length);
    }
  });

  it('holds ten thousand elements', async () => {
    const table = open();
    const many = Array.from({ length: 10_000 }, (_, n) => ({
      value: `10.${n >> 14}.${(n >> 6) & 255}.${(n & 63) * 4}`,
    }));
    await table.set('block', blocks(...many));
    await table.set('block', blocks(...many.slice(1), { value: '10.99.0.1' }));
    expect((await table.elements('block_ipv4')).length).toBe(10_000);
  });
});

/** Maps, rules and chains that refer to one another, as nft takes them. */
function randomPart(random: (n: number) => number): TablePart {
  const some = (n: number, of: readonly string[]) => of.filter((_, at) => random(n * 10 + at) % 2 === 0);
  const one = (n: number, of: readonly string[]) => of[random(n) % of.length]!;
  const counters = some(1, ['path_c1', 'path_c2', 'path_c3']);
  const goals = some(2, ['path_g1', 'path_g2', 'path_g3']);
  const sets = some(3, ['path_s1', 'path_s2', 'path_s3', 'path_s4']).map((name, at): WishedSet => {
    const kind = random(100 + at) % 3;
    const to =
      kind === 1 && counters.length > 0 ? 'counter' : kind === 2 && goals.length > 0 ? 'verdict' : undefined;
    const isPort = random(110 + at) % 2 === 0;
    return {
      name,
      type: [isPort ? 'inet_service' : 'ipv4_addr'],
      ...(to !== undefined && { to }),
      flags: to === undefined && random(115 + at) % 2 === 0 ? ['interval', 'timeout'] : [],
      counted: to === undefined && random(120 + at) % 2 === 0,
      elements: some(13 + at, ['1', '3', '5']).map((value, n) => ({
        value: isPort ? Number(value) : `10.0.0.${value}`,
        ...(to === 'counter' && { data: one(200 + at * 5 + n, counters) }),
        ...(to === 'verdict' && { data: { goto: { target: one(300 + at * 5 + n, goals) } } }),
      })),
    };
  });
  const rules = sets
    .filter((_, at) => random(600 + at) % 2 === 0)
    .map(({ name, type, to }): WishedRule => {
      const key: Expression = {
        payload:
          type[0] === 'inet_service'
            ? { protocol: 'tcp', field: 'dport' }
            : { protocol: 'ip', field: 'saddr' },
      };
      if (to === 'counter') return { expressions: [{ counter: { map: { key, data: `@${name}` } } }] };
      if (to === 'verdict') return { expressions: [{ vmap: { key, data: `@${name}` } }] };
      return { expressions: [match(key, `@${name}`)] };
    });
  return {
    counters: counters.map((name) => ({ name, comment: name })),
    sets,
    chains: [
      ...goals.map((name) => ({ name, rules: [] })),
      ...some(4, ['path_b1', 'path_b2']).map((name, at) => ({
        name,
        base: { type: 'filter', hook: 'input', priority: random(400 + at) % 2 } as const,
        rules: [
          ...rules,
          ...goals.slice(0, 1).map((target) => ({ expressions: [{ jump: { target } }] })),
          ...counters.slice(0, 1).map((counter) => ({ expressions: [{ counter }] })),
        ],
      })),
    ],
  };
}
