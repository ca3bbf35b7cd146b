import type { Plan } from '../../src/domain/plan.ts';
import type { Termination, TlsMaterial } from '../../src/domain/tls.ts';
import { EngineError } from '../../src/engine/engine.ts';
import { systemClock } from '../../src/proxy/system-clock.ts';
import { createScriptedEngine } from '../support/scripted-engine.ts';
import { tlsContract } from './tls-contract.ts';
import { type Edition, type HeldTls, type Met, paths, type TlsWorld, tlsPlanOf } from './tls-worlds.ts';

tlsContract('scripted', async (): Promise<TlsWorld> => {
  const engine = createScriptedEngine({ clock: systemClock });
  const planCalled = (hash: string): Plan => tlsPlanOf(hash, 1, 2);
  const material = (edition: Edition): TlsMaterial => ({
    files: [{ path: paths.cert, content: edition }],
    tickets: { secret: '', epoch: 1 },
  });

  function meet(): Met {
    const mode = engine.terminations.get('shop')!;
    if (mode === 'passthrough') return { mode, certificate: undefined };
    engine.route('shop').handshakes += 1;
    return { mode, certificate: engine.material!.files[0]!.content as Edition };
  }

  async function hold(): Promise<HeldTls> {
    const met = meet();
    const shared = { bind: 'secure', route: 'shop', tls: met.mode, sni: 'shop.example.com' } as const;
    const id = engine.open(
      met.mode === 'passthrough'
        ? { ...shared, mode: 'tcp', phase: 'tunnel', server: 'web/app1' }
        : { ...shared, mode: 'http', phase: 'idle' },
    );
    const present = async () => (await engine.connection(id))!;
    const { promise: ended, resolve } = Promise.withResolvers<void>();
    const look = () =>
      void engine.connection(id).then((now) => {
        if (now === undefined || now.phase === 'ended') resolve();
        else setTimeout(look, 10);
      });
    look();
    return {
      row: await present(),
      met,
      again: async () => (await present()).tls as Termination,
      ended,
      close: () => engine.end(id),
    };
  }

  return {
    engine,
    plan: planCalled('plan-1'),
    otherPlan: planCalled('plan-2'),
    badPlan() {
      engine.failNext(new EngineError('bind-failed', 'bind secure: the address is in use by another'));
      return planCalled('plan-3');
    },
    material,
    request: async () => meet(),
    hold,
    killInstance: () => engine.crash(),
    async close() {},
  };
});
