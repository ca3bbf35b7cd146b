import { describe, expect, it } from 'vitest';
import { attach } from '../../src/client/attach.ts';
import { backoffMs } from '../../src/client/backoff.ts';
import { AttachError, type AttachState } from '../../src/client/runtime-client.ts';
import type { Sample } from '../../src/domain/sample.ts';
import { scene, testClock } from '../runtime/fixture.ts';
import { channelPair } from '../support/channel-pair.ts';

describe('a console that lost its attachment', () => {
  it('AT9: says so, comes back, resumes, and sees again what it watched', async () => {
    const on = await scene();
    const console = await on.console();
    const { client } = console;
    const states: AttachState['state'][] = [];
    client.attachChanges(({ state }) => states.push(state));
    const samples: Sample[] = [];
    client.samples(['totals'], 500, (sample) => samples.push(sample));
    await on.pass(1_000);
    console.pair.cut();
    expect(client.attach).toMatchObject({ state: 'waiting', attempt: 1, reason: 'cut' });
    expect(client.model.server.size).toBe(3);
    const before = samples.length;
    let resets = 0;
    client.changes((changes) => {
      if (changes.length === 0) resets += 1;
    });
    await on.pass(2_000);
    expect(states).toEqual(['waiting', 'live']);
    expect(samples.length).toBeGreaterThan(before);
    expect(resets).toBe(0);
    await on.close();
  });

  it('AT9: waits longer each time, within bounds, and never in step', () => {
    for (const random of [0, 0.5, 0.999]) {
      const waits = Array.from({ length: 12 }, (_, index) => backoffMs(index + 1, () => random));
      expect(waits).toEqual([...waits].sort((a, b) => a - b));
      expect(waits.at(-1)).toBeLessThanOrEqual(10_000);
      expect(waits[0]).toBeGreaterThanOrEqual(125);
    }
    expect(backoffMs(5, () => 0)).not.toBe(backoffMs(5, () => 0.9));
  });

  it.each([
    ['not-permitted', 'not-permitted'],
    ['incompatible', 'incompatible'],
  ] as const)('AT9: does not come back when it is %s', async (code, closed) => {
    const clock = testClock();
    let dials = 0;
    const client = attach({
      url: 'memory:',
      name: 'test',
      clock,
      retry: true,
      dial: async () => {
        dials += 1;
        throw new AttachError(code, 'no');
      },
    });
    await expect(client.ready()).rejects.toMatchObject({ code });
    clock.advance(60_000);
    expect(client.attach).toMatchObject({ state: 'closed', code: closed, reason: 'no' });
    expect(dials).toBe(1);
  });

  it.each([
    [
      'an answer of another version',
      { result: { version: 1, runtime: { name: 'edge', version: '0.9\u001b[2J' } } },
      "this console (1.0) speaks another protocol than the runtime (0.9\\x1b[2J): the runtime's answer to hello is not as the schema says",
    ],
    [
      'an answer that tells nothing',
      { result: null },
      "this console (1.0) speaks another protocol than the runtime: the runtime's answer to hello is not as the schema says",
    ],
    [
      'a hello that was not understood',
      { error: { code: -32602, message: 'params are not as the schema says' } },
      'this console (1.0) speaks another protocol than the runtime: it refused the hello: params are not as the schema says',
    ],
  ])('tells versions apart, and does not come back: %s', async (_, answer, message) => {
    const pair = channelPair();
    pair.server.messages((text) =>
      pair.server.send(JSON.stringify({ jsonrpc: '2.0', id: JSON.parse(text).id, ...answer })),
    );
    const client = attach({
      url: 'memory:',
      name: 'test',
      version: '1.0',
      clock: testClock(),
      retry: true,
      dial: async () => pair.client,
    });
    const ready = expect(client.ready()).rejects.toMatchObject({
      code: 'incompatible',
      message,
    });
    for (let turn = 0; turn < 5; turn++) {
      await new Promise((resolve) => setImmediate(resolve));
      pair.flush();
    }
    await ready;
  });

  it('AT9: tries until somebody listens', async () => {
    const clock = testClock();
    let dials = 0;
    const client = attach({
      url: 'memory:',
      name: 'test',
      clock,
      random: () => 0,
      retry: true,
      dial: async () => {
        dials += 1;
        throw new AttachError('no-runtime', 'nobody');
      },
    });
    for (let second = 0; second < 30; second++) {
      await new Promise((resolve) => setImmediate(resolve));
      clock.advance(1_000);
    }
    expect(dials).toBeGreaterThan(5);
    expect(client.attach).toMatchObject({ state: 'waiting', reason: 'nobody' });
    client.close();
    expect(client.attach).toMatchObject({ state: 'closed', code: 'closed' });
  });
});

describe('a command whose attachment breaks before the answer', () => {
  const maint = { kind: 'maint', server: 'web/app1' } as const;

  it('CM6: is not sent again; its true outcome is asked for', async () => {
    const on = await scene();
    const { client, pair } = await on.console();
    on.engine.hold();
    const outcome = client.execute(maint);
    await on.settle();
    pair.cut();
    on.engine.release();
    await on.pass(3_000);
    expect(await outcome).toMatchObject({ result: 'done', text: 'web/app1 is maint, weight 100' });
    expect(on.engine.calls.filter((call) => call.includes('app1=maint'))).toHaveLength(1);
    await on.close();
  });

  it('CM6: never arrived: nothing was done, and that is said', async () => {
    const on = await scene();
    const { client, pair } = await on.console();
    const outcome = client.execute(maint);
    pair.cut();
    await on.pass(3_000);
    expect(await outcome).toMatchObject({
      result: 'refused',
      code: 'busy',
      text: expect.stringContaining('nothing was done'),
    });
    expect(client.model.server.get('web/app1')?.admin).toBe('ready');
    await on.close();
  });

  it('CM6: of a runtime that was restarted meanwhile is unknown', async () => {
    const on = await scene();
    const { client } = await on.console();
    on.engine.hold();
    const outcome = client.execute(maint);
    await on.settle();
    on.engine.release();
    await on.restart();
    await on.pass(3_000);
    expect(await outcome).toMatchObject({ result: 'unknown' });
    await on.close();
  });

  it('is not sent at all while there is no attachment', async () => {
    const on = await scene();
    const { client, pair } = await on.console();
    pair.cut();
    expect(await client.execute(maint)).toMatchObject({ result: 'refused', code: 'busy' });
    await on.pass(3_000);
    expect(client.model.server.get('web/app1')?.admin).toBe('ready');
    await on.close();
  });
});

it.each([
  ['haproxy:/run/haproxy.sock', /cannot attach by haproxy yet/],
  ['http://127.0.0.1:1', /not a control URL/],
  ['unix:', /a path is missing/],
  ['ws://:secret@127.0.0.1:1', /neither a user nor a token/],
])('says what is wrong with %s', async (url, message) => {
  const client = attach({ url, name: 'test', clock: testClock(), retry: true });
  await expect(client.ready()).rejects.toThrow(message);
});
