import { expect, it } from 'vitest';
import type { Preflight } from '../../../src/domain/preflight.ts';
import type { Termination } from '../../../src/domain/tls.ts';
import { closeCodes, defaultLimits } from '../../../src/protocol/limits.ts';
import { createAttachments } from '../../../src/runtime/control/attachments.ts';
import { scene } from '../fixture.ts';
import { rawConsole } from '../raw-console.ts';

type Listener = (preflight: Preflight) => void;

const found = (over: Partial<Preflight> = {}): Preflight => ({
  route: 'shop',
  from: 'edge',
  to: 'reencrypt',
  connections: { passthrough: 0, edge: 3, reencrypt: 0 },
  findings: [],
  pending: 3,
  verdict: 'running',
  ...over,
});

/** Of a runtime whose probes are told by the test; of all routes it knows "shop". */
async function probedScene() {
  const on = await scene();
  const probes: { route: string; termination: Termination; tell: Listener; ended: boolean }[] = [];
  on.attachments = createAttachments(
    {
      ...on.runtime.services,
      preflight(route, termination, tell) {
        if (route !== 'shop') return { fault: `there is no route ${route}` };
        const probe = { route, termination, tell, ended: false };
        probes.push(probe);
        return () => {
          probe.ended = true;
        };
      },
    },
    defaultLimits,
    on.clock,
  );
  return { on, probes };
}

const open = (watch: string) => ({ watch, route: 'shop', termination: 'reencrypt' });

it('PF1: reports come apart, the verdict at once, and it closes the watch', async () => {
  const { on, probes } = await probedScene();
  const raw = rawConsole(on);
  await raw.hello();
  expect(await raw.ask('preflight.open', open('p'))).toMatchObject({ result: {} });
  expect(probes).toMatchObject([{ route: 'shop', termination: 'reencrypt' }]);
  const pending = () => raw.notifications('preflight').map(({ preflight }) => preflight.pending);
  for (const left of [3, 2, 1]) probes[0]!.tell(found({ pending: left }));
  await on.settle();
  expect(pending()).toEqual([3]);
  on.clock.advance(100);
  await on.settle();
  expect(pending()).toEqual([3, 1]);
  probes[0]!.tell(found({ pending: 1 }));
  probes[0]!.tell(found({ pending: 0, verdict: 'safe' }));
  await on.settle();
  expect(raw.notifications('preflight').at(-1)).toMatchObject({ watch: 'p', preflight: { verdict: 'safe' } });
  probes[0]!.tell(found());
  on.clock.advance(1_000);
  await on.settle();
  expect(pending()).toEqual([3, 1, 0]);
  // The name is free again.
  expect(await raw.ask('preflight.open', open('p'))).toMatchObject({ result: {} });
  await on.close();
});

it('PF1: long reports come less often', async () => {
  const { on, probes } = await probedScene();
  const raw = rawConsole(on);
  await raw.hello();
  await raw.ask('preflight.open', open('p'));
  const findings = Array.from({ length: 1_000 }, (_, index) => ({
    subject: `web/app${index}`,
    severity: 'good' as const,
    text: 'speaks TLSv1.3',
  }));
  probes[0]!.tell(found({ findings }));
  for (let step = 0; step < 11; step++) {
    probes[0]!.tell(found({ findings }));
    on.clock.advance(100);
    await on.settle();
  }
  expect(raw.notifications('preflight')).toHaveLength(2);
  await on.close();
});

it('PF1: the verdict comes also to a console that is slow', async () => {
  const { on, probes } = await probedScene();
  const raw = rawConsole(on);
  await raw.hello();
  await raw.ask('preflight.open', open('p'));
  raw.pair.stall(true);
  raw.pair.server.send(JSON.stringify('x'.repeat(defaultLimits.dropSamplesAbove)));
  probes[0]!.tell(found());
  probes[0]!.tell(found({ verdict: 'unsafe' }));
  raw.pair.stall(false);
  await on.settle();
  expect(raw.notifications('preflight').map(({ preflight }) => preflight.verdict)).toEqual(['unsafe']);
  await on.close();
});

it('PF2: what cannot be probed is told', async () => {
  const { on } = await probedScene();
  const raw = rawConsole(on);
  await raw.hello();
  expect(await raw.ask('preflight.open', { ...open('p'), route: 'shopp' })).toMatchObject({
    error: { code: -32009, message: 'there is no route shopp' },
  });
  expect(await raw.ask('preflight.open', { ...open('p'), route: 'a\u001b[2J' })).toMatchObject({
    error: { code: -32602 },
  });
  const viewer = rawConsole(on, 'viewer');
  await viewer.hello();
  expect(await viewer.ask('preflight.open', open('p'))).toMatchObject({ error: { code: -32003 } });
  await on.close();
});

it('PF3: only so many are under way at once', async () => {
  const { on, probes } = await probedScene();
  const raw = rawConsole(on);
  await raw.hello();
  for (const watch of ['a', 'b', 'c', 'd'])
    expect(await raw.ask('preflight.open', open(watch))).toMatchObject({ result: {} });
  expect(await raw.ask('preflight.open', open('e'))).toMatchObject({ error: { code: -32005 } });
  probes[0]!.tell(found({ verdict: 'safe' }));
  expect(await raw.ask('preflight.open', open('e'))).toMatchObject({ result: {} });
  await on.close();
});

it('PF4: closed, or cut off, the probes end', async () => {
  const { on, probes } = await probedScene();
  const raw = rawConsole(on);
  await raw.hello();
  await raw.ask('preflight.open', open('a'));
  await raw.ask('preflight.open', open('b'));
  await raw.ask('watch.close', { watch: 'a' });
  expect(probes.map(({ ended }) => ended)).toEqual([true, false]);
  raw.pair.cut();
  expect(probes.map(({ ended }) => ended)).toEqual([true, true]);
  await on.close();
});

it('PF4: a console cut off before the verdict has it begun anew', async () => {
  const { on, probes } = await probedScene();
  const console = await on.console();
  const heard: Preflight[] = [];
  console.client.preflight('shop', 'reencrypt', (preflight) => heard.push(preflight));
  await on.settle();
  probes[0]!.tell(found());
  await on.settle();
  console.pair.cut();
  await on.pass(2_000);
  expect(probes.map(({ ended }) => ended)).toEqual([true, false]);
  probes[1]!.tell(found({ pending: 0, verdict: 'safe' }));
  await on.settle();
  expect(heard.map(({ verdict }) => verdict)).toEqual(['running', 'safe']);
  // With its verdict it is over: no third one.
  console.pair.cut();
  await on.pass(2_000);
  expect(probes).toHaveLength(2);
  await on.close();
});

it('PF2, PF4: why it cannot go on is told, and nothing after it was closed', async () => {
  const { on, probes } = await probedScene();
  const { client } = await on.console();
  const failures: string[] = [];
  client.preflight(
    'shopp',
    'edge',
    () => {},
    (reason) => failures.push(reason),
  );
  await on.settle();
  expect(failures).toEqual(['there is no route shopp']);
  const heard: Preflight[] = [];
  const stop = client.preflight('shop', 'edge', (preflight) => heard.push(preflight));
  await on.settle();
  stop();
  await on.settle();
  expect(probes[0]).toMatchObject({ ended: true });
  probes[0]!.tell(found());
  await on.settle();
  expect(heard).toEqual([]);
  await on.close();
});

it('PF4: closed for good, the console says so', async () => {
  const { on, probes } = await probedScene();
  const console = await on.console();
  const failures: string[] = [];
  console.client.preflight(
    'shop',
    'edge',
    () => {},
    (reason) => failures.push(reason),
  );
  await on.settle();
  console.pair.server.close(closeCodes.notPermitted, 'the token does not hold any more');
  await on.settle();
  expect(failures).toEqual(['the token does not hold any more']);
  expect(probes).toMatchObject([{ ended: true }]);
  await on.close();
});
