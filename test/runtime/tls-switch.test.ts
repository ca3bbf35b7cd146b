import { afterEach, describe, expect, it } from 'vitest';
import { EngineError } from '../../src/engine/engine.ts';
import { certificate } from './certificates-in-memory.ts';
import { backend, type plan, server } from './fixture.ts';
import { type TlsScene, tlsPlan, tlsRoute, tlsScene, toReencrypt } from './tls-scene.ts';

let on: TlsScene;
afterEach(() => on.close());

describe('a switch of a TLS mode', () => {
  it('is asked of the engine, journalled, drifting and undone', async () => {
    on = await tlsScene();
    expect(on.mode()).toBe('edge');
    const outcome = await on.act(toReencrypt);
    expect(outcome).toMatchObject({ result: 'done', text: 'shop is reencrypt' });
    expect(on.engine.calls).toContain('setRoutes shop=reencrypt');
    const { model } = on.anna.client;
    expect(on.mode()).toBe('reencrypt');
    expect(model.route.get('shop')?.tls?.configuredTermination).toBe('edge');
    expect([...model.drift.values()]).toMatchObject([
      {
        key: 'shop:termination',
        route: 'shop',
        field: 'termination',
        configured: 'edge',
        running: 'reencrypt',
        by: 'anna',
      },
    ]);
    expect(model.switch.get('shop')).toMatchObject({
      from: 'edge',
      to: 'reencrypt',
      phase: 'watching',
      by: 'anna',
    });
    expect([...model.journal.values()].at(-1)).toMatchObject({
      kind: 'act',
      subject: 'shop',
      text: 'TLS edge → reencrypt, watched 1 min, reverts at 5 % more failures',
      before: 'edge',
      after: 'reencrypt',
      result: 'done',
    });

    expect(await on.act({ kind: 'undo' })).toMatchObject({ result: 'done' });
    expect(on.mode()).toBe('edge');
    expect(model.drift.size).toBe(0);
    expect(model.switch.size).toBe(0);
    expect(on.engine.calls.at(-1)).toBe('setRoutes shop=edge');
  });

  it('to passthrough takes the route from its certificate, and back', async () => {
    on = await tlsScene();
    on.certificates.serve(certificate({ routes: ['shop', 'api'] }));
    await on.settle();
    const routes = () => on.anna.client.model.certificate.get('shop.pem')?.routes;
    expect(routes()).toEqual(['shop', 'api']);
    await on.act({ ...toReencrypt, termination: 'passthrough' });
    await on.settle();
    expect(routes()).toEqual(['api']);
    await on.act({ kind: 'tls-revert', route: 'shop' });
    await on.settle();
    expect(routes()).toEqual(['shop', 'api']);
    expect(on.told().at(-1)).toBe('TLS passthrough → edge, reverted');
  });

  it('leaves drift of servers beside that of routes', async () => {
    on = await tlsScene();
    await on.act({ kind: 'maint', server: 'web/app1' });
    await on.act(toReencrypt);
    await on.act({ kind: 'weight', server: 'web/app2', weight: 5 });
    expect([...on.anna.client.model.drift.keys()]).toEqual([
      'web/app1:admin',
      'web/app2:weight',
      'shop:termination',
    ]);
  });

  it('is nothing where the route is so already', async () => {
    on = await tlsScene();
    expect(await on.act({ ...toReencrypt, termination: 'edge' })).toMatchObject({
      result: 'done',
      text: 'shop is edge already',
    });
    expect(on.engine.calls.some((call) => call.startsWith('setRoutes'))).toBe(false);
  });

  it.each([
    ['no such route', { route: 'none' }, 'no-such-route', /no route none/],
    ['a route without TLS', { route: 'plain' }, 'bad-value', /plain has no tls/],
    ['a path', { route: 'pathed', termination: 'passthrough', force: 'pathed' }, 'bad-value', /path \/a/],
    ['a force that names another route', { force: 'api' }, 'bad-value', /force names api/],
  ] as const)('is refused for %s', async (_, over, code, text) => {
    const { tls: __, ...plain } = tlsRoute('plain', 'edge');
    on = await tlsScene({
      plan: tlsPlan({
        routes: [tlsRoute('shop', 'edge'), tlsRoute('pathed', 'edge', { path: '/a' }), plain],
      }),
    });
    const outcome = await on.act({ ...toReencrypt, ...over });
    expect(outcome).toMatchObject({ result: 'refused', code });
    expect(outcome.text).toMatch(text);
    expect(on.engine.calls.some((call) => call.startsWith('setRoutes'))).toBe(false);
  });

  it('is refused where the engine cannot', async () => {
    on = await tlsScene({ capabilities: { tls: { no: 'HAProxy does not' } } });
    expect(await on.act(toReencrypt)).toMatchObject({ code: 'not-capable', text: 'HAProxy does not' });
  });

  it('is refused where it is unsafe, with the findings, unless it is forced by name', async () => {
    on = await tlsScene();
    on.verdict = [
      { subject: 'web/app2', severity: 'good', text: 'speaks TLSv1.3' },
      { subject: 'web/app1', severity: 'unsafe', text: 'speaks plain HTTP', remedy: 'give it a tlsPort' },
    ];
    expect(await on.act(toReencrypt)).toEqual({
      result: 'refused',
      code: 'unsafe',
      text: 'clients would fail: web/app1: speaks plain HTTP',
      remedy: "give it a tlsPort, or force it by the route's name, shop",
    });
    expect(on.mode()).toBe('edge');
    expect(await on.act({ ...toReencrypt, force: 'shop' })).toMatchObject({ result: 'done' });
    expect(on.mode()).toBe('reencrypt');
    expect(on.told().at(-1)).toContain('forced');
  });

  it('lets no other command wait for its preflight', async () => {
    on = await tlsScene();
    on.verdict = 'never ends';
    const switching = on.anna.client.execute(toReencrypt);
    await on.settle();
    expect(await on.act({ kind: 'maint', server: 'web/app1' })).toMatchObject({ result: 'done' });
    await on.pass(30_000);
    expect(await switching).toMatchObject({
      result: 'refused',
      code: 'unsafe',
      text: 'the preflight did not come to an end',
    });
  });

  it('is refused where the route changed since it was looked at', async () => {
    on = await tlsScene();
    const from = { termination: 'edge' } as const;
    expect(await on.act(toReencrypt, { from })).toMatchObject({ result: 'done' });
    expect(await on.act({ ...toReencrypt, termination: 'passthrough' }, { from })).toMatchObject({
      code: 'changed-since',
      text: 'shop is not edge any more: now reencrypt (by anna)',
    });
  });

  it('does not hold what nobody confirmed, and tells the engine what holds', async () => {
    on = await tlsScene();
    on.engine.failNext(new EngineError('unknown', 'it went away'));
    expect(await on.act(toReencrypt)).toMatchObject({ result: 'unknown' });
    expect(on.mode()).toBe('edge');
    expect(on.engine.calls.slice(-2)).toEqual(['setRoutes shop=reencrypt', 'setRoutes shop=edge']);
    expect(on.anna.client.model.switch.size).toBe(0);
    expect([...on.anna.client.model.journal.values()].at(-1)).toMatchObject({
      result: 'unknown',
      subject: 'shop',
    });
  });

  it('goes back by revert, to the mode before and not to the configuration', async () => {
    on = await tlsScene();
    await on.act(toReencrypt);
    await on.act({ ...toReencrypt, termination: 'passthrough' });
    expect(await on.act({ kind: 'tls-revert', route: 'shop' })).toMatchObject({ result: 'done' });
    expect(on.mode()).toBe('reencrypt');
    expect(on.anna.client.model.switch.size).toBe(0);
    await on.act({ kind: 'tls-revert', route: 'shop' });
    expect(on.mode()).toBe('edge');
  });

  it('is dropped by a reset', async () => {
    on = await tlsScene();
    await on.act(toReencrypt);
    expect(await on.act({ kind: 'reset-route', route: 'shop' })).toMatchObject({
      result: 'done',
      text: 'shop is edge',
    });
    expect(on.mode()).toBe('edge');
    expect(await on.act({ kind: 'reset-route', route: 'shop' })).toMatchObject({
      text: 'shop is edge already',
    });
  });

  it('says before what it would do', async () => {
    on = await tlsScene();
    const asked = on.anna.client.preview({ ...toReencrypt, closeMs: 30_000 });
    await on.settle();
    const preview = await asked;
    expect(preview.from).toEqual({ termination: 'edge' });
    const text = preview.lines.map(({ tone, text: line }) => `${tone}: ${line}`).join('\n');
    expect(text).toContain('now: shop is edge (as configured)');
    expect(text).toContain('then: shop is reencrypt from the next handshake on');
    expect(text).toContain('whatever is left in 30 s');
    expect(text).toContain('reverts by itself where 5 % more fail');
  });

  it('says before that servers are not verified, and what a reload keeps', async () => {
    on = await tlsScene({ plan: tlsPlan({ backends: [backend({ tls: { verify: 'none' } })] }) });
    const text = async (command: Parameters<TlsScene['act']>[0]): Promise<string> => {
      const asked = on.anna.client.preview(command);
      await on.settle();
      return (await asked).lines.map(({ tone, text: line }) => `${tone}: ${line}`).join('\n');
    };
    expect(await text(toReencrypt)).toContain(
      'warning: verify: none: certificates of servers of web are not verified',
    );
    expect(await text({ ...toReencrypt, termination: 'passthrough' })).not.toContain('verify');
    await on.act(toReencrypt);
    await on.act({ kind: 'maint', server: 'web/app1' });
    expect(await text({ kind: 'reload' })).toContain('overrides of 1 server and 1 route stay in force');
    expect(await text({ kind: 'tls-revert', route: 'shop' })).toContain('is not watched any more');
  });
});

describe('TLS modes and reloads', () => {
  const reloadable = async (next: () => ReturnType<typeof plan>) =>
    tlsScene({ reload: async () => ({ ok: true, plan: next() }) });

  it('keeps an override, and passes it to the engine with the plan', async () => {
    on = await reloadable(() =>
      tlsPlan({ hash: 'bbbbbbbbbbbb', backends: [backend({ servers: [server('app9')] })] }),
    );
    await on.act(toReencrypt);
    expect(await on.act({ kind: 'reload' })).toMatchObject({ result: 'done' });
    expect(on.mode()).toBe('reencrypt');
    expect(on.engine.terminations.get('shop')).toBe('reencrypt');
    expect(on.anna.client.model.switch.get('shop')?.phase).toBe('watching');
  });

  it('has no override where the configuration comes to say the same', async () => {
    on = await reloadable(() => tlsPlan({ hash: 'bbbbbbbbbbbb', routes: [tlsRoute('shop', 'reencrypt')] }));
    await on.act(toReencrypt);
    await on.act({ kind: 'reload' });
    expect(on.anna.client.model.drift.size).toBe(0);
    expect(on.mode()).toBe('reencrypt');
  });

  it('ends the watch of a route that is another one, and says so', async () => {
    on = await reloadable(() =>
      tlsPlan({ hash: 'bbbbbbbbbbbb', routes: [tlsRoute('shop', 'edge', { host: 'new.example.com' })] }),
    );
    await on.act(toReencrypt);
    await on.act({ kind: 'reload' });
    expect(on.anna.client.model.switch.size).toBe(0);
    expect(on.told().join('\n')).toContain('watching the switch to reencrypt by anna ended with the reload');
  });

  it('shows the override of a route that lost its TLS until it is reset', async () => {
    const { tls: _, ...plain } = tlsRoute('shop', 'edge');
    on = await reloadable(() => tlsPlan({ hash: 'bbbbbbbbbbbb', routes: [plain] }));
    await on.act(toReencrypt);
    await on.act({ kind: 'reload' });
    expect([...on.anna.client.model.drift.values()]).toMatchObject([
      { configured: 'no TLS', running: 'reencrypt' },
    ]);
    expect(on.mode()).toBeUndefined();
    expect(await on.act({ kind: 'reset-route', route: 'shop' })).toMatchObject({
      text: 'override of shop dropped',
    });
    expect(on.anna.client.model.drift.size).toBe(0);
  });

  it('refuses a plan that leaves no room for an override, and names it', async () => {
    on = await reloadable(() =>
      tlsPlan({
        hash: 'bbbbbbbbbbbb',
        routes: [
          tlsRoute('shop', 'edge'),
          tlsRoute('cart', 'edge', { host: 'shop.example.com', path: '/cart' }),
        ],
      }),
    );
    await on.act({ ...toReencrypt, termination: 'passthrough' });
    const outcome = await on.act({ kind: 'reload' });
    expect(outcome).toMatchObject({ result: 'refused', code: 'bad-configuration' });
    expect(outcome.text).toContain('shop is passthrough by anna');
    expect(on.mode()).toBe('passthrough');
  });

  it('refuses broken files, and goes on with the plan in force', async () => {
    on = await reloadable(() => tlsPlan({ hash: 'bbbbbbbbbbbb' }));
    on.certificates.problem = 'the key does not belong to the certificate';
    expect(await on.act({ kind: 'reload' })).toMatchObject({
      result: 'refused',
      code: 'bad-configuration',
      text: '/etc/tls/shop.pem: the key does not belong to the certificate',
    });
    expect(on.engine.plan?.hash).toBe('aaaaaaaaaaaa');
  });
});
