import { describe, expect, it } from 'vitest';
import { requestText } from '../../../src/protocol/rpc.ts';
import { scene } from '../fixture.ts';
import { rawConsole } from '../raw-console.ts';

describe('hello', () => {
  it('AT1: nothing is answered before it', async () => {
    const on = await scene();
    const raw = rawConsole(on);
    expect(await raw.ask('history.get', {})).toMatchObject({ error: { code: -32001 } });
    expect(
      await raw.ask('command.execute', { id: 'command-1', command: { kind: 'ready', server: 'web/app1' } }),
    ).toMatchObject({ error: { code: -32001 } });
    expect(on.engine.calls).toEqual(['start']);
    await on.close();
  });

  it('AT2: agrees on a version, or closes', async () => {
    const on = await scene();
    const raw = rawConsole(on);
    expect(await raw.hello({ versions: [7, 1] })).toMatchObject({ result: { version: 1 } });
    const newer = rawConsole(on);
    expect(await newer.hello({ versions: [7] })).toMatchObject({ error: { code: -32004 } });
    await on.pass(200);
    expect(newer.ended).toMatchObject({ code: 4406 });
    await on.close();
  });

  it('AT3, AT8: answers with the whole model, where it stands, and the time', async () => {
    const on = await scene();
    const { result } = await rawConsole(on).hello();
    expect(result.snapshot.server.map(([key]: [string]) => key)).toEqual([
      'web/app1',
      'web/app2',
      'web/app3',
    ]);
    expect(result).toMatchObject({
      epoch: on.runtime.services.store.epoch,
      seq: on.runtime.services.store.seq,
      now: on.clock.now(),
      role: 'operator',
      runtime: { name: 'edge-1' },
    });
    expect(result.changes).toBeUndefined();
    await on.close();
  });

  it('AT4: resumes with exactly the changes since', async () => {
    const on = await scene();
    const first = (await rawConsole(on).hello()).result;
    const { client } = await on.console();
    void client.execute({ kind: 'weight', server: 'web/app1', weight: 7 });
    await on.settle();
    const { result } = await rawConsole(on).hello({ resume: { epoch: first.epoch, seq: first.seq } });
    expect(result.snapshot).toBeUndefined();
    expect(result.changes.map(({ seq }: { seq: number }) => seq)).toEqual(
      Array.from({ length: result.seq - first.seq }, (_, index) => first.seq + index + 1),
    );
    expect(result.changes).toContainEqual(
      expect.objectContaining({
        type: 'server',
        key: 'web/app1',
        value: expect.objectContaining({ weight: 7 }),
      }),
    );
    await on.close();
  });

  it.each([
    ['another epoch', (seq: number) => ({ epoch: 'other', seq })],
    ['the future', (seq: number, epoch: string) => ({ epoch, seq: seq + 1 })],
  ])('AT5: answers %s with a snapshot', async (_, resume) => {
    const on = await scene();
    const { store } = on.runtime.services;
    const { result } = await rawConsole(on).hello({ resume: resume(store.seq, store.epoch) });
    expect(result.snapshot).toBeDefined();
    expect(result.changes).toBeUndefined();
    await on.close();
  });

  it('AT6: is said once', async () => {
    const on = await scene();
    const raw = rawConsole(on);
    await raw.hello();
    expect(await raw.hello()).toMatchObject({ error: { code: -32600 } });
    await on.close();
  });

  it('AT7: is waited for only so long', async () => {
    const on = await scene();
    const raw = rawConsole(on);
    await on.pass(10_200);
    expect(raw.ended).toMatchObject({ code: 4408 });
    expect(on.attachments.size).toBe(0);
    await on.close();
  });
});

describe('roles', () => {
  it('ID6: a viewer looks and does nothing', async () => {
    const on = await scene();
    const raw = rawConsole(on, 'viewer');
    await raw.hello();
    expect(
      await raw.ask('command.execute', { id: 'command-1', command: { kind: 'maint', server: 'web/app1' } }),
    ).toMatchObject({ error: { code: -32003 } });
    expect(await raw.ask('command.execute', { nonsense: true })).toMatchObject({ error: { code: -32003 } });
    expect(
      await raw.ask('command.preview', { command: { kind: 'maint', server: 'web/app1' } }),
    ).toMatchObject({ result: { title: 'maint for web/app1' } });
    expect(on.engine.calls).toEqual(['start']);
    const { client } = await on.console({ role: 'viewer' });
    const outcome = client.execute({ kind: 'maint', server: 'web/app1' });
    await on.settle();
    expect(await outcome).toMatchObject({
      result: 'refused',
      code: 'not-permitted',
      text: 'your token has the role viewer; maintenance needs operator',
      remedy: expect.stringContaining('--token-file'),
    });
    await on.close();
  });
});

describe('limits', () => {
  it('LM9: the 129th request is refused while 128 of an attachment are not answered yet', async () => {
    const on = await scene();
    const raw = rawConsole(on);
    await raw.hello();
    on.engine.hold();
    const command = { kind: 'weight', server: 'web/app1', weight: 50 };
    raw.send(requestText('held', 'command.execute', { id: 'command-1', command }));
    for (let each = 2; each <= 129; each++)
      raw.send(requestText(each, 'command.outcome', { id: 'command-1' }));
    await on.settle();
    const answers = () => raw.heard.filter(({ id }) => id === 'held' || id > 1);
    expect(answers()).toEqual([
      expect.objectContaining({ id: 129, error: expect.objectContaining({ code: -32005 }) }),
    ]);
    on.engine.release();
    await on.settle();
    expect(answers().filter(({ result }) => result !== undefined)).toHaveLength(128);
    expect(await raw.ask('history.get', {})).toHaveProperty('result');
    await on.close();
  });

  it('LM2: deep nesting is refused before it is parsed', async () => {
    const on = await scene();
    const raw = rawConsole(on);
    raw.send('['.repeat(100_000));
    await on.settle();
    expect(raw.heard).toEqual([
      { jsonrpc: '2.0', id: null, error: { code: -32005, message: 'nested too deeply' } },
    ]);
    await on.close();
  });

  it.each([
    ['not JSON', '{', -32700],
    ['a batch', '[{"jsonrpc":"2.0","id":1,"method":"hello"}]', -32600],
    ['another version', '{"jsonrpc":"1.0","id":1,"method":"hello"}', -32600],
    ['neither request nor response', '{"jsonrpc":"2.0","id":1}', -32600],
    ['an id that is an object', '{"jsonrpc":"2.0","id":{},"method":"hello"}', -32600],
  ])('LM3: %s is answered with its code, and not for ever', async (_, text, code) => {
    const on = await scene();
    const raw = rawConsole(on);
    raw.send(text);
    await on.settle();
    expect(raw.heard.at(-1)).toMatchObject({ error: { code } });
    for (let times = 0; times < 30; times++) raw.send(text);
    await on.pass(200);
    expect(raw.ended).toMatchObject({ code: 1002 });
    await on.close();
  });

  it.each([
    ['an unknown method', 'shell.run', { command: 'id' }, -32601],
    ['a method of Object.prototype', 'constructor', {}, -32601],
    ['unknown params', 'history.get2', {}, -32601],
    ['a param too many', 'watch.close', { watch: 'w', also: 1 }, -32602],
    [
      'a weight out of range',
      'command.execute',
      { id: 'command-1', command: { kind: 'weight', server: 'web/app1', weight: 257 } },
      -32602,
    ],
    [
      'a server that is no key',
      'command.execute',
      { id: 'command-1', command: { kind: 'ready', server: 'web' } },
      -32602,
    ],
    [
      'a server key with escape sequences',
      'command.execute',
      { id: 'command-1', command: { kind: 'ready', server: 'web/\u001b[2J' } },
      -32602,
    ],
    [
      'a connection id with escape sequences',
      'command.execute',
      { id: 'command-1', command: { kind: 'kill', connection: '\u001b]0;x\u0007' } },
      -32602,
    ],
    ['an endless interval', 'samples.open', { watch: 'w', topics: ['totals'], intervalMs: 1 }, -32602],
  ])('LM4: %s is refused', async (_, method, params, code) => {
    const on = await scene();
    const raw = rawConsole(on);
    await raw.hello();
    expect(await raw.ask(method, params)).toMatchObject({ error: { code } });
    expect(on.engine.calls).toEqual(['start']);
    await on.close();
  });

  it('LM5: more than 50 commands a second are refused', async () => {
    const on = await scene();
    const raw = rawConsole(on);
    await raw.hello();
    const answers = [];
    for (let index = 0; index < 60; index++)
      answers.push(
        await raw.ask('command.execute', {
          id: `command-${index}`,
          command: { kind: 'ready', server: 'web/app1' },
        }),
      );
    expect(answers.filter(({ error }) => error?.code === -32005)).toHaveLength(10);
    await on.close();
  });

  it('LM6: so many watches, and no more', async () => {
    const on = await scene({ limits: { watches: 2 } });
    const raw = rawConsole(on);
    await raw.hello();
    const open = (watch: string) => raw.ask('samples.open', { watch, topics: ['totals'], intervalMs: 1_000 });
    expect(await open('a')).toMatchObject({ result: {} });
    expect(await open('b')).toMatchObject({ result: {} });
    expect(await open('c')).toMatchObject({ error: { code: -32005 } });
    await raw.ask('watch.close', { watch: 'a' });
    expect(await open('c')).toMatchObject({ result: {} });
    await on.close();
  });

  it('LM7: a console that gives no sign of life is ended', async () => {
    const on = await scene();
    const raw = rawConsole(on);
    await raw.hello();
    raw.pair.stall(true);
    await on.pass(45_000);
    expect(raw.ended).toMatchObject({ code: 1006 });
    expect(on.attachments.size).toBe(0);
    await on.close();
  });
});
