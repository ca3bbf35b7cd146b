import { expect, it } from 'vitest';
import { opening } from '../../../../src/nft/table/parts/opening.ts';
import {
  type PathRules,
  type PathTarget,
  pathPart,
  targetName,
} from '../../../../src/nft/table/parts/path-part.ts';
import { createSlotCount } from './path-slots.ts';

const target = (host: string, weight = 100): PathTarget => ({
  server: `db/pg${host.at(-1)}`,
  address: { host, port: 5432 },
  weight,
});
const path = (over: Partial<PathRules> = {}): PathRules => {
  const targets = over.targets ?? [target('10.2.0.1'), target('10.2.0.2')];
  return {
    bind: 'db',
    address: { host: '10.1.0.1', port: 5432 },
    algorithm: 'roundrobin',
    masquerade: false,
    places: targets.map(({ server, address }) => ({ server, address })),
    targets,
    ...over,
  };
};
const rulesOf = (paths: readonly PathRules[], chain: string, ended: readonly number[] = []) =>
  pathPart(paths, ended)
    .chains.find(({ name }) => name === chain)
    ?.rules.map(({ expressions }) => expressions);
const drawOf = (paths: readonly PathRules[]) => createSlotCount(rulesOf(paths, 'path_db')!);

it('sends a new connection to a server in turn, and counts it there', () => {
  const [one, two] = [target('10.2.0.1'), target('10.2.0.2')].map((each) => targetName('db', each));
  expect(pathPart([path()], []).counters).toEqual([
    { name: one, comment: 'db to db/pg1 10.2.0.1:5432' },
    { name: two, comment: 'db to db/pg2 10.2.0.2:5432' },
  ]);
  expect(rulesOf([path()], 'path_db')).toEqual([
    [
      { match: { op: '==', left: { meta: { key: 'nfproto' } }, right: 'ipv4' } },
      {
        vmap: {
          key: { numgen: { mode: 'inc', mod: 2, offset: 0 } },
          data: {
            set: [
              [0, { goto: { target: one } }],
              [1, { goto: { target: two } }],
            ],
          },
        },
      },
    ],
  ]);
  expect(rulesOf([path()], one!)).toEqual([
    [
      { match: { op: '==', left: { meta: { key: 'l4proto' } }, right: 'tcp' } },
      { counter: one },
      { dnat: { family: 'ip', addr: '10.2.0.1', port: 5432 } },
    ],
  ]);
});

it('gives each its share, interleaved in turn, in one block where chance or a hash decides', () => {
  const targets = [target('10.2.0.1', 150), target('10.2.0.2', 50), target('10.2.0.3', 100)];
  const inTurn = drawOf([path({ targets })]);
  expect(inTurn).toMatchObject({ mode: 'inc', mod: 6, slots: [3, 1, 2] });
  expect(inTurn.longest).toBeLessThan(3);
  expect(drawOf([path({ targets, algorithm: 'random' })])).toMatchObject({
    mode: 'random',
    slots: [3, 1, 2],
  });
  expect(drawOf([path({ targets, algorithm: 'source' })])).toMatchObject({ mode: 'hash', slots: [3, 1, 2] });
});

it('draws at random what would be too long a turn', () => {
  const targets = [target('10.2.0.1', 65_521), target('10.2.0.2', 1)];
  expect(drawOf([path({ targets })])).toMatchObject({ mode: 'random', mod: 65_522, slots: [65_521, 1] });
});

it('refuses where nobody takes clients, and keeps the counters', () => {
  const part = pathPart([path({ targets: [], places: path().places })], []);
  expect(part.counters).toHaveLength(2);
  expect(part.chains.find(({ name }) => name === 'path_db')?.rules[0]?.expressions.at(-1)).toEqual({
    reject: { type: 'tcp reset' },
  });
});

it('always asks for connections to be tracked: the kernel would forget those that there are', () => {
  for (const paths of [[], [path({ targets: [] })]])
    for (const hook of ['prerouting', 'output'])
      expect(rulesOf(paths, `path_${hook}`)?.[0]).toEqual([
        { match: { op: 'in', left: { ct: { key: 'status' } }, right: 'dnat' } },
        { return: null },
      ]);
});

it('a wildcard takes local addresses alone, after the binds that name one, and nobody from loopback', () => {
  const chain = rulesOf(
    [path({ bind: 'all', address: { host: '::', port: 5432 } }), path()],
    'path_output',
  )!.slice(1);
  expect(chain.map((rule) => rule.at(-1))).toEqual([
    { goto: { target: 'path_db' } },
    { goto: { target: 'path_all' } },
    { goto: { target: 'path_all' } },
  ]);
  expect(JSON.stringify(chain[1])).toContain('127.0.0.0');
  expect(JSON.stringify(chain[2])).toContain('::1');
  expect(JSON.stringify(chain[2])).toContain('"fib"');
});

it('masquerades its own connections alone', () => {
  expect(rulesOf([path()], 'path_postrouting')).toBeUndefined();
  const wild = path({ masquerade: true, address: { host: '0.0.0.0', port: 5432 } });
  expect(JSON.stringify(rulesOf([wild], 'path_postrouting'))).toContain(
    '{"set":[{"concat":["10.2.0.1",5432]},{"concat":["10.2.0.2",5432]}]}',
  );
});

it('resets what an operator ended, by the kernel’s number, but not its own resets; else no packet pays for it', () => {
  expect(rulesOf([path()], 'path_ended_prerouting')).toBeUndefined();
  for (const hook of ['prerouting', 'output']) {
    const [rule] = rulesOf([path()], `path_ended_${hook}`, [7, 9])!;
    expect(rule).toContainEqual({ match: { op: '==', left: { ct: { key: 'id' } }, right: { set: [7, 9] } } });
    expect(JSON.stringify(rule)).toContain('"rst"');
    expect(rule!.at(-1)).toEqual({ reject: { type: 'tcp reset' } });
  }
});

it('IPv6 clients come to IPv6 servers', () => {
  const targets = [target('10.2.0.1'), target('fd00::2')];
  const rules = rulesOf([path({ targets, address: { host: '::', port: 5432 } })], 'path_db')!;
  expect(rules.map((rule) => rule.at(-1))).toEqual(
    targets.map((each) => ({ goto: { target: targetName('db', each) } })),
  );
  expect(rulesOf([path({ targets })], targetName('db', targets[1]!))?.[0]?.at(-1)).toEqual({
    dnat: { family: 'ip6', addr: 'fd00::2', port: 5432 },
  });
});

it('sends on only what opens a connection, so that none that is relayed breaks when the rules come', () => {
  const all = path({ bind: 'all', address: { host: '::', port: 5433 } });
  for (const hook of ['prerouting', 'output']) {
    const entrances = rulesOf([path(), all], `path_${hook}`)!;
    const going = entrances.filter((expressions) => JSON.stringify(expressions).includes('goto'));
    expect(going).toHaveLength(3);
    for (const expressions of going) expect(expressions).toContainEqual(opening);
  }
});
