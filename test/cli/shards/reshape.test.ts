import { describe, expect, it } from 'vitest';
import { knownShard } from '../../../src/cli/shards/known-shard.ts';
import { leavingLine } from '../../../src/cli/shards/leaving-lines.ts';
import { changeInstances, reshape } from '../../../src/cli/shards/reshape.ts';
import { servedBy, warningLines } from '../../../src/cli/shards/served-by.ts';
import { emptyModel } from '../../../src/domain/model.ts';
import { fakeClient } from '../client.ts';
import { fakeTerminal } from '../terminal.ts';
import { contextOf, instance, rates, route, shard } from './things.ts';

const scale = {
  kind: 'reshape',
  changes: [{ kind: 'scale', shard: 'default', instances: 1 }],
} as const;
const done = { result: 'done', seq: 1, text: 'default has 1 instance' } as const;
const sampleOf = (connections: number) => ({
  at: 0,
  windowMs: 1,
  instances: [rates('default/2:9', { connections })],
});

/** With the second of two instances leaving once the command is done. */
function scene(options?: Parameters<typeof fakeTerminal>[0]) {
  const terminal = fakeTerminal(options);
  const client = fakeClient(done, () => {
    client.set('instance', 'default/2', null);
    client.set('instance', 'default/2:9', leaving);
  });
  const leaving = instance('default/2', { id: 'default/2:9', pid: 9, state: 'leaving' });
  client.set('shard', 'default', shard('default'));
  client.set('instance', 'default/1', instance('default/1'));
  client.set('instance', 'default/2', instance('default/2', { pid: 9 }));
  return { terminal, client, end: () => client.set('instance', 'default/2:9', null) };
}

describe('scaling', () => {
  it('tells who leaves, and with what', async () => {
    const { terminal, client } = scene();
    client.sample(sampleOf(12));
    await changeInstances(contextOf(terminal), client, 'default', scale, {});
    expect(client.executed).toEqual([scale]);
    expect(terminal.printed).toEqual(['default has 1 instance']);
    expect(terminal.noted).toEqual(['◐ default/2 (pid 9) leaves with 12 connections']);
  });

  it('with --wait stays until they are gone', async () => {
    const { terminal, client, end } = scene();
    const changed = changeInstances(contextOf(terminal), client, 'default', scale, { wait: true });
    await new Promise((resolve) => setImmediate(resolve));
    client.sample(sampleOf(2));
    client.sample(sampleOf(2));
    client.sample(sampleOf(1));
    end();
    await changed;
    expect(terminal.printed).toEqual([
      'default has 1 instance',
      'default/2 (pid 9) leaves',
      'default/2 (pid 9) leaves with 2 connections',
      'default/2 (pid 9) leaves with 1 connection',
      'those that left default are gone',
    ]);
  });

  it('Ctrl-C leaves the wait, not the instance', async () => {
    const { terminal, client } = scene({ isTty: true });
    const changed = changeInstances(contextOf(terminal), client, 'default', scale, { wait: true });
    await new Promise((resolve) => setImmediate(resolve));
    terminal.interrupt();
    await expect(changed).rejects.toMatchObject({
      ending: 'interrupted',
      message: 'no longer waiting: default/2 (pid 9) leaves',
    });
  });

  it('lost for good ends the wait', async () => {
    const { terminal, client } = scene();
    const changed = changeInstances(contextOf(terminal), client, 'default', scale, { wait: true });
    await new Promise((resolve) => setImmediate(resolve));
    client.become({ state: 'closed', code: 'closed', reason: 'gone\u001b' });
    await expect(changed).rejects.toMatchObject({
      ending: 'no-runtime',
      message: 'lost the runtime: gone\\x1b',
    });
  });

  it('in JSON is a line for each thing that happens', async () => {
    const { terminal, client, end } = scene();
    const changed = changeInstances(contextOf(terminal, { json: true }), client, 'default', scale, {
      wait: true,
    });
    await new Promise((resolve) => setImmediate(resolve));
    client.sample(sampleOf(1));
    end();
    await changed;
    expect(terminal.printed.map((line) => JSON.parse(line))).toMatchObject([
      done,
      { leaving: [{ id: 'default/2:9', traffic: null }] },
      { leaving: [{ id: 'default/2:9', traffic: { connections: 1 } }] },
    ]);
  });
});

it('who leaves is told with its limit', () => {
  const leaving = instance('default/2', { id: 'default/2:9', state: 'leaving', leaveBy: 300_000 });
  expect(leavingLine([leaving], [rates('default/2:9', { connections: 1 })], 10_000)).toBe(
    'default/2 (pid 4711) leaves with 1 connection, ended in 4:50 at the latest',
  );
  expect(leavingLine([], [], 0)).toBeUndefined();
});

it('a shard that is not there is told with the one that was meant', () => {
  const model = emptyModel();
  model.shard.set('default', shard('default'));
  expect(knownShard(model, 'default').name).toBe('default');
  expect(() => knownShard(model, 'defualt')).toThrow(
    expect.objectContaining({ ending: 'refused', hint: 'did you mean default?' }),
  );
});

describe('relabelling', () => {
  it('tells what nobody serves any more', async () => {
    const terminal = fakeTerminal();
    const client = fakeClient(done, () => client.set('route', 'shop', route('shop', { shards: [] })));
    client.set('route', 'shop', route('shop'));
    client.set('route', 'pay', route('pay'));
    await reshape(contextOf(terminal), client, {
      kind: 'relabel',
      route: 'shop',
      labels: { sharded: 'true' },
    });
    expect(terminal.printed).toEqual(['default has 1 instance']);
    expect(terminal.noted).toEqual(['▲ shop is served by no shard: none selects it']);
  });

  it('warns of what nobody serves, what is refused, and what several serve', () => {
    const model = emptyModel();
    for (const name of ['none', 'both', 'claimed', 'same', 'new']) model.route.set(name, route(name));
    const before = servedBy(model);
    model.route.set('none', route('none', { shards: [] }));
    model.route.set(
      'both',
      route('both', { shards: ['a', 'b'].map((name) => ({ shard: name, admitted: true })) }),
    );
    model.route.set(
      'claimed',
      route('claimed', {
        shards: [
          { shard: 'a', admitted: false, reason: 'HostAlreadyClaimed', message: 'pay is older\u001b' },
        ],
      }),
    );
    model.route.set('new', route('new', { shards: [{ shard: 'b', admitted: true }] }));
    expect(warningLines(before, model)).toEqual([
      '▲ none is served by no shard: none selects it',
      '▲ both is served by each of a, b',
      '▲ claimed is served by no shard: refused by a (HostAlreadyClaimed: pay is older\\x1b)',
    ]);
  });
});
