import { describe, expect, it } from 'vitest';
import type { CliFailure } from '../../../src/cli/failure.ts';
import type { VerbContext } from '../../../src/cli/program.ts';
import { type SwitchOptions, switchOn, switchTls } from '../../../src/cli/tls/switch.ts';
import type { Outcome } from '../../../src/domain/command.ts';
import type { BackendEntity, RouteEntity } from '../../../src/domain/model.ts';
import type { Preflight, PreflightFinding } from '../../../src/domain/preflight.ts';
import type { Termination } from '../../../src/domain/tls.ts';
import type { TlsSwitch } from '../../../src/domain/tls-switch.ts';
import { fakeClient } from '../client.ts';
import { fakeTerminal } from '../terminal.ts';

const shop: RouteEntity = {
  name: 'shop',
  path: '/',
  to: [{ backend: 'web', weight: 100 }],
  namespace: 'default',
  labels: {},
  configuredLabels: {},
  shards: [],
  warnings: [],
};
const good: PreflightFinding = { subject: 'web/app1', severity: 'good', text: 'speaks TLSv1.3' };
const bad: PreflightFinding = { subject: 'web/app2', severity: 'unsafe', text: 'speaks no TLS' };

const found = (verdict: Preflight['verdict'], ...findings: PreflightFinding[]): Preflight => ({
  route: 'shop',
  from: 'edge',
  to: 'reencrypt',
  connections: { passthrough: 0, edge: 3, reencrypt: 0 },
  findings,
  pending: verdict === 'running' ? 1 : 0,
  verdict,
});

const watched: TlsSwitch = {
  route: 'shop',
  from: 'edge',
  to: 'reencrypt',
  phase: 'watching',
  by: 'anna',
  startedAt: 1,
  watchUntil: 2,
  threshold: 0.05,
  before: null,
  after: null,
  left: 3,
  closeAt: 0,
};

const defaults: SwitchOptions = { watch: 60_000, threshold: 0.05, closeAfter: 0 };

function begin(
  options: Partial<SwitchOptions> = {},
  {
    json = false,
    outcome,
    route = 'shop',
    termination = 'edge',
    isTty = false,
  }: { isTty?: boolean; json?: boolean; outcome?: Outcome; route?: string; termination?: Termination } = {},
) {
  const terminal = fakeTerminal({ isTty });
  const client = fakeClient(outcome ?? { result: 'done', seq: 1, entry: 7, text: 'shop is reencrypt' }, () =>
    client.set('switch', 'shop', watched),
  );
  client.set('route', 'shop', {
    ...shop,
    tls: {
      termination,
      configuredTermination: 'edge',
      insecureEdgeTerminationPolicy: 'None',
      verify: 'required',
    },
  });
  client.set('backend', 'web', { servers: ['web/app1', 'web/app2'] } as unknown as BackendEntity);
  const context: VerbContext = { terminal, env: {}, version: '0', options: { json } };
  const end = switchOn(context, client, route, 'reencrypt', { ...defaults, ...options });
  return { terminal, client, end, context };
}

const failure = (end: Promise<void>): Promise<CliFailure> =>
  end.then(
    () => {
      throw new Error('did not fail');
    },
    (error) => error as CliFailure,
  );

describe('tls switch', () => {
  it('prints each finding once as it comes in, the verdict, and the outcome', async () => {
    const { terminal, client, end } = begin();
    client.probe(found('running', good));
    expect(terminal.printed).toEqual(['  ● web/app1      speaks TLSv1.3']);
    client.probe(found('running', good));
    client.probe(found('safe', good));
    await end;
    expect(terminal.printed.slice(1).join('\n')).toBe(
      '● safe to switch shop from edge to reencrypt\nshop is reencrypt  (undo: sluice undo 7)',
    );
    expect(client.executed).toEqual([
      {
        kind: 'tls-switch',
        route: 'shop',
        termination: 'reencrypt',
        watchMs: 60_000,
        threshold: 0.05,
        closeMs: 0,
      },
    ]);
  });

  it('does nothing where it is not safe, and says how to force', async () => {
    const { client, end } = begin();
    client.probe(found('unsafe', good, bad));
    expect(await failure(end)).toMatchObject({
      ending: 'refused',
      hint: expect.stringContaining('sluice tls switch shop reencrypt --force shop'),
    });
    expect(client.executed).toEqual([]);
  });

  it.each([undefined, 'shop'])('does nothing where no route can be that, forced by %s', async (force) => {
    const { client, end } = begin(force === undefined ? {} : { force });
    const conflict = {
      ...bad,
      subject: 'shop',
      text: 'it has a path',
      remedy: 'drop the path',
      conflict: true,
    } as const;
    client.probe(found('unsafe', conflict));
    expect(await failure(end)).toMatchObject({
      ending: 'refused',
      message: expect.stringContaining('shop cannot be reencrypt: it has a path'),
      hint: 'drop the path',
    });
    expect(client.executed).toEqual([]);
  });

  it('probes nothing where it is in that mode already, unless that is all that was asked', async () => {
    const { client, end } = begin({}, { termination: 'reencrypt' });
    await end;
    expect(client.executed).toHaveLength(1);
    const asked = begin({ preflight: true }, { termination: 'reencrypt' });
    asked.client.probe(found('safe', good));
    await asked.end;
    expect(asked.client.executed).toEqual([]);
  });

  it('forced by its name it is switched all the same', async () => {
    const { client, end } = begin({ force: 'shop' });
    client.probe(found('unsafe', bad));
    await end;
    expect(client.executed).toMatchObject([{ force: 'shop' }]);
  });

  it('forced by another name nothing is asked of anybody', async () => {
    const { context } = begin();
    expect(await failure(switchTls(context, 'shop', 'edge', { ...defaults, force: 'pay' }))).toMatchObject({
      ending: 'usage',
      message: expect.stringMatching(/pay.*shop/),
    });
  });

  it.each([
    ['safe', undefined],
    ['unsafe', 'refused'],
  ] as const)('with --preflight it only probes: %s', async (verdict, ending) => {
    const { client, end } = begin({ preflight: true, wait: true });
    client.probe(found(verdict, verdict === 'safe' ? good : bad));
    if (ending === undefined) await end;
    else expect((await failure(end)).ending).toBe(ending);
    expect(client.executed).toEqual([]);
  });

  it('a route that is not there has the nearest one suggested', async () => {
    const { end, client } = begin({}, { route: 'shp' });
    expect(await failure(end)).toMatchObject({ ending: 'refused', hint: 'did you mean shop?' });
    expect(client.probing).toBe(false);
  });

  it('a preflight that cannot be begun is told', async () => {
    const { client, end } = begin();
    client.failProbe('shop has no TLS\u001b');
    expect(await failure(end)).toMatchObject({ ending: 'refused', message: 'shop has no TLS\\x1b' });
  });

  it('a viewer is told before anything is probed', async () => {
    const terminal = fakeTerminal();
    const client = fakeClient();
    client.set('route', 'shop', shop);
    client.become({ state: 'live', since: 0, role: 'viewer', actor: 'bob' });
    const context: VerbContext = { terminal, env: {}, version: '0', options: {} };
    expect(await failure(switchOn(context, client, 'shop', 'edge', defaults))).toMatchObject({
      ending: 'not-permitted',
    });
    expect(client.probing).toBe(false);
  });

  it('Ctrl-C while it is probed switches nothing', async () => {
    const { terminal, client, end } = begin();
    client.probe(found('running', good));
    terminal.interrupt();
    expect(await failure(end)).toMatchObject({ ending: 'interrupted' });
    expect(client.probing).toBe(false);
    expect(client.executed).toEqual([]);
  });

  it('what the runtime refuses is told with its remedy', async () => {
    const outcome: Outcome = {
      result: 'refused',
      code: 'unsafe',
      text: 'web/app2 fails',
      remedy: 'force it',
    };
    const { client, end } = begin({}, { outcome });
    client.probe(found('safe', good));
    expect(await failure(end)).toMatchObject({
      ending: 'refused',
      message: 'web/app2 fails',
      hint: 'force it',
    });
  });

  it('as JSON prints a line each for preflight, outcome and watch', async () => {
    const { terminal, client, end } = begin({ wait: true }, { json: true });
    client.probe(found('running', good));
    client.probe(found('safe', good));
    await new Promise(setImmediate);
    client.set('switch', 'shop', { ...watched, phase: 'settled' });
    await end;
    const lines = terminal.printed.map((line) => JSON.parse(line));
    expect(lines.map((line) => Object.keys(line)[0])).toEqual(['preflight', 'result', 'switch', 'switch']);
  });
});

it.each([true, false])('says to a person that it is watched: on a terminal %s', async (isTty) => {
  const { terminal, client, end } = begin({}, { isTty });
  client.probe(found('safe', good));
  await end;
  expect(terminal.noted.join().includes('sluice tls revert shop')).toBe(isTty);
});

it('a runtime that went away while it was probed is none', async () => {
  const { client, end } = begin();
  client.become({ state: 'closed', reason: 'gone', code: 'closed' });
  client.failProbe('gone');
  expect(await failure(end)).toMatchObject({ ending: 'no-runtime' });
  expect(client.executed).toEqual([]);
});

describe('tls switch --wait', () => {
  async function switched(over: { json?: boolean } = {}) {
    const begun = begin({ wait: true }, over);
    begun.client.probe(found('safe', good));
    await new Promise(setImmediate);
    return begun;
  }
  const fares = (failures: number) => ({
    attempts: 10,
    failures,
    handshakeFailures: 0,
    clientErrors: 0,
    overMs: 1_000,
  });

  it('follows the watch until it settled', async () => {
    const { terminal, client, end } = await switched();
    client.set('switch', 'shop', { ...watched, after: fares(0) });
    client.set('switch', 'shop', { ...watched, after: { ...fares(0), attempts: 20 } });
    client.set('switch', 'shop', { ...watched, after: fares(1) });
    client.set('switch', 'shop', { ...watched, phase: 'settled', after: fares(1) });
    await end;
    expect(terminal.printed.filter((line) => line.startsWith('shop reencrypt'))).toHaveLength(4);
    expect(terminal.printed.at(-1)).toBe('shop is reencrypt; before nobody came, since 10 % of 10 failed');
  });

  it('does not wait for a watch that was over before', async () => {
    const { terminal, client, end } = begin({ wait: true });
    client.set('switch', 'shop', { ...watched, phase: 'settled', endedAt: 2 });
    client.probe(found('safe', good));
    await end;
    expect(terminal.printed.at(-1)).toMatch(/undo/);
  });

  it('fails when it went back by itself', async () => {
    const { client, end } = await switched();
    client.set('switch', 'shop', { ...watched, phase: 'reverted', text: 'too many failed' });
    expect(await failure(end)).toMatchObject({
      ending: 'refused',
      message: expect.stringContaining('by itself'),
    });
  });

  it('fails when somebody else took it back', async () => {
    const { client, end } = await switched();
    client.set('switch', 'shop', null);
    expect(await failure(end)).toMatchObject({ ending: 'refused' });
  });

  it('Ctrl-C leaves, and says that it is watched on', async () => {
    const { terminal, end } = await switched();
    terminal.interrupt();
    expect(await failure(end)).toMatchObject({
      ending: 'interrupted',
      hint: expect.stringContaining('sluice tls revert shop'),
    });
  });

  it('tells when the runtime is gone for good', async () => {
    const { client, end } = await switched();
    client.become({ state: 'closed', reason: 'gone', code: 'closed' });
    expect(await failure(end)).toMatchObject({ ending: 'no-runtime' });
  });
});
