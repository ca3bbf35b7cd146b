import { expect, it } from 'vitest';
import type { Command, Outcome } from '../../../src/domain/command.ts';
import type { Route } from '../../../src/domain/plan.ts';
import type { Preflight } from '../../../src/domain/preflight.ts';
import type { Termination } from '../../../src/domain/tls.ts';
import { plan, type Scene, scene } from '../fixture.ts';

const route = (name: string, termination: Termination, over: Partial<Route> = {}): Route => ({
  name,
  namespace: 'default',
  labels: {},
  host: `${name}.example.com`,
  path: '/',
  tls: { termination, insecureEdgeTerminationPolicy: 'None' },
  to: [{ backend: 'web', weight: 100 }],
  ...over,
});

const to = (
  termination: Termination,
  over: Partial<Extract<Command, { kind: 'tls-switch' }>> = {},
): Command => ({
  kind: 'tls-switch',
  route: 'shop',
  termination,
  watchMs: 60_000,
  threshold: 0.05,
  closeMs: 0,
  ...over,
});

/** `verdict`: of every preflight. */
async function switchScene(verdict: 'safe' | 'unsafe' = 'safe') {
  const routes = [route('shop', 'edge'), route('pathed', 'edge', { path: '/a' })];
  const on = await scene({
    plan: plan({ routes }),
    preflight: (name, termination, listener) => {
      const found: Preflight = {
        route: name,
        from: 'edge',
        to: termination,
        connections: { passthrough: 0, edge: 0, reencrypt: 0 },
        findings:
          verdict === 'safe'
            ? []
            : [{ subject: 'web/app1', severity: 'unsafe', text: 'web/app1 speaks no TLS' }],
        pending: 0,
        verdict,
      };
      on.clock.after(1, () => listener(found));
      return () => {};
    },
  });
  const { client } = await on.console();
  const execute = async (command: Command, conditions?: Parameters<typeof client.execute>[1]) => {
    const outcome = client.execute(command, conditions);
    await on.settle();
    await on.pass(200);
    return outcome;
  };
  const mode = (name = 'shop') => client.model.route.get(name)?.tls?.termination;
  return { on, client, execute, mode };
}

/** Requests of the route, some answered with 503. */
function traffic(on: Scene, requests: number, failed: number): void {
  const counters = on.engine.route('shop');
  counters.total += requests;
  counters.status[1] += requests - failed;
  counters.status[4] += failed;
}

it('CM14: done is a switch that every instance has confirmed, and that the model tells', async () => {
  const { on, client, execute, mode } = await switchScene();
  const outcome = await execute(to('reencrypt'));
  expect(outcome).toMatchObject({ result: 'done', entry: expect.any(Number) });
  expect(on.engine.terminations.get('shop')).toBe('reencrypt');
  expect(mode()).toBe('reencrypt');
  expect(client.model.route.get('shop')!.tls).toMatchObject({ configuredTermination: 'edge' });
  expect([...client.model.drift.values()]).toMatchObject([
    { route: 'shop', field: 'termination', configured: 'edge', running: 'reencrypt', by: 'anna' },
  ]);
  expect(client.model.switch.get('shop')).toMatchObject({ phase: 'watching', from: 'edge', to: 'reencrypt' });
  await on.close();
});

it('CM7: a switch that was decided on another mode is refused', async () => {
  const { on, execute, mode } = await switchScene();
  const outcome = await execute(to('reencrypt'), { from: { termination: 'passthrough' } });
  expect(outcome).toMatchObject({ result: 'refused', code: 'changed-since' });
  expect(mode()).toBe('edge');
  await on.close();
});

it('CM15: what clients would fail with is refused, and done when forced by the name of the route', async () => {
  const { on, client, execute, mode } = await switchScene('unsafe');
  expect(await execute(to('reencrypt'))).toMatchObject({ result: 'refused', code: 'unsafe' });
  expect(mode()).toBe('edge');
  expect(client.model.drift.size).toBe(0);
  expect(await execute(to('reencrypt', { force: 'pathed' }))).toMatchObject({ code: 'bad-value' });
  expect(await execute(to('reencrypt', { force: 'shop' }))).toMatchObject({ result: 'done' });
  expect(mode()).toBe('reencrypt');
  await on.close();
});

it.each<[string, Command, Outcome & { result: 'refused' }]>([
  [
    'a conflict',
    to('passthrough', { route: 'pathed', force: 'pathed' }),
    { result: 'refused', code: 'bad-value', text: expect.stringContaining('/a') },
  ],
  [
    'a route that is not there',
    to('edge', { route: 'shopp' }),
    { result: 'refused', code: 'no-such-route', text: expect.stringContaining('shopp') },
  ],
])('CM15: %s is refused, forced or not', async (_, command, refused) => {
  const { on, execute, mode } = await switchScene();
  expect(await execute(command)).toMatchObject(refused);
  expect([mode(), mode('pathed')]).toEqual(['edge', 'edge']);
  await on.close();
});

it('CM16: where more fail than before it goes back by itself, and tells it', async () => {
  const { on, client, execute, mode } = await switchScene();
  traffic(on, 100, 0);
  await on.pass(2_000);
  await execute(to('reencrypt'));
  for (let second = 0; second < 6; second++) {
    traffic(on, 50, 20);
    await on.pass(1_000);
  }
  expect(mode()).toBe('edge');
  expect(on.engine.terminations.get('shop') ?? 'edge').toBe('edge');
  expect(client.model.switch.get('shop')).toMatchObject({ phase: 'reverted', text: expect.any(String) });
  expect([...client.model.journal.values()].at(-1)).toMatchObject({ subject: 'shop', severity: 'warning' });
  await on.close();
});

it('CM16: where clients fare as before it settles', async () => {
  const { on, client, execute, mode } = await switchScene();
  await execute(to('reencrypt', { watchMs: 5_000 }));
  for (let second = 0; second < 7; second++) {
    traffic(on, 50, 1);
    await on.pass(1_000);
  }
  expect(mode()).toBe('reencrypt');
  expect(client.model.switch.get('shop')).toMatchObject({ phase: 'settled' });
  await on.close();
});

it('CM17: reverted it is in the mode before the switch, whatever is configured', async () => {
  const { on, client, execute, mode } = await switchScene();
  await execute(to('reencrypt'));
  await execute(to('passthrough'));
  expect(await execute({ kind: 'tls-revert', route: 'shop' })).toMatchObject({ result: 'done' });
  expect(mode()).toBe('reencrypt');
  expect(client.model.switch.get('shop')?.phase).not.toBe('watching');
  expect(await execute({ kind: 'reset-route', route: 'shop' })).toMatchObject({ result: 'done' });
  expect(mode()).toBe('edge');
  expect(client.model.drift.size).toBe(0);
  await on.close();
});
