import { serverKey } from '../../src/domain/plan.ts';
import { takesNewClients } from '../../src/domain/server-state.ts';
import { EngineError } from '../../src/engine/engine.ts';
import { systemClock } from '../../src/proxy/system-clock.ts';
import { createScriptedEngine } from '../support/scripted-engine.ts';
import { engineContract } from './engine-contract.ts';
import { type HeldClient, planOf, type World } from './worlds.ts';

engineContract('scripted', async (): Promise<World> => {
  const engine = createScriptedEngine({ clock: systemClock });
  const plan = planOf('plan-1', [1, 2, 3]);
  let turn = 0;
  const next = () => {
    const taking = [...engine.wishes.values()].filter(
      (each) => each.server.startsWith('web/') && takesNewClients(each),
    );
    return taking[turn++ % Math.max(taking.length, 1)]?.server;
  };

  async function hold(id: string): Promise<HeldClient> {
    const row = (await engine.connection(id))!;
    const ended = new Promise<void>((resolve) => {
      const look = () =>
        void engine.connection(id).then((now) => {
          if (now === undefined || now.phase === 'ended') resolve();
          else setTimeout(look, 10);
        });
      look();
    });
    return { row, ended, close: () => engine.end(id) };
  }

  return {
    engine,
    plan,
    otherPlan: planOf('plan-2', [1, 2, 3]),
    badPlan() {
      engine.failNext(
        new EngineError('bind-failed', 'bind web (127.0.0.1:1): the address is in use by another'),
      );
      return planOf('plan-3', [1, 2, 3]);
    },
    async request(path = '/') {
      const server = next();
      if (server === undefined) return undefined;
      engine.arrive(server, 1);
      engine.record({ path, status: 200, server });
      return server;
    },
    holdRequest: () => hold(engine.open({ bind: 'web', server: next()!, phase: 'wait', mode: 'http' })),
    holdTcp: () =>
      hold(engine.open({ bind: 'db', server: serverKey('db', 'one'), phase: 'tunnel', mode: 'tcp' })),
    killInstance: () => engine.crash(),
    async close() {},
  };
});
