// A console that stops reading, on a real socket, where the kernel's buffers come into it.

import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { attach } from '../../../src/client/attach.ts';
import { requestText } from '../../../src/protocol/rpc.ts';
import { startRuntime } from '../../../src/runtime/runtime.ts';
import { machineClock } from '../../support/machine-clock.ts';
import { createScriptedEngine } from '../../support/scripted-engine.ts';
import { passing, plan } from '../fixture.ts';

const folder = mkdtempSync(join(tmpdir(), 'sluice-stalled-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('LN6, LN8: is closed, and no other console notices', async () => {
  const path = join(folder, 'control.sock');
  const runtime = await startRuntime({
    plan: plan({ settings: { control: [{ address: { kind: 'unix', path }, origins: [] }] } }),
    engine: createScriptedEngine({ clock: machineClock }),
    clock: machineClock,
    random: Math.random,
    version: '1.2.3',
    demo: false,
    probe: passing,
    limits: { dropSamplesAbove: 10_000, holdChangesAbove: 20_000, behindMs: 200 },
  });
  const stalled = new WebSocket('ws://localhost/control', { createConnection: () => connect(path) });
  await new Promise((resolve) => stalled.once('open', resolve));
  stalled.send(requestText(1, 'hello', { versions: [1], client: { name: 'stalled' } }));
  await new Promise((resolve) => stalled.once('message', resolve));
  stalled.pause();
  const ended = new Promise((resolve) => stalled.once('close', resolve));

  const client = attach({ url: `unix:${path}`, name: 'quick', clock: machineClock, retry: false });
  await client.ready();
  const { store } = runtime.services;
  const filling = 'x'.repeat(3_000);
  let turns = 0;
  const stop = new Promise<void>((resolve) => {
    const turn = (): void => {
      // Until the other one was given up: then one attachment is left.
      store.set('route', 'filling', {
        name: 'filling',
        path: `${filling}${turns++}`,
        to: [],
        namespace: 'default',
        labels: {},
        configuredLabels: {},
        shards: [],
        warnings: [],
      });
      if (stalledWasLeft()) resolve();
      else setTimeout(turn, 1);
    };
    let left = false;
    void ended.then(() => {
      left = true;
    });
    const stalledWasLeft = (): boolean => left;
    // It reads again only after a while: what it finds is the end.
    setTimeout(() => stalled.resume(), 1_500);
    turn();
  });
  await stop;
  store.flush();
  const outcome = await client.execute({ kind: 'weight', server: 'web/app1', weight: 3 });
  expect(outcome).toMatchObject({ result: 'done' });
  expect(client.model).toEqual(store.model);
  expect(turns).toBeGreaterThan(50);
  client.close();
  await runtime.close(0);
}, 20_000);
