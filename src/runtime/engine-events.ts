// What the engine tells, and what it is told of checks: instances and binds into the model, samples to traffic and drain
// jobs, operational changes to the engine and the journal.

import type { Clock } from '../domain/clock.ts';
import type { EngineSample } from '../domain/counters.ts';
import type { Disposer } from '../domain/event.ts';
import type { Plan, ServerKey } from '../domain/plan.ts';
import type { CheckResult, ServerWish } from '../domain/server-state.ts';
import type { RouteWish } from '../domain/tls.ts';
import { spokenDuration } from '../domain/units.ts';
import type { Engine } from '../engine/engine.ts';
import { createInstanceEvents } from './instance-events.ts';
import type { Journal } from './journal.ts';
import type { ModelStore } from './model-store.ts';
import type { RouteStates } from './route-states.ts';
import type { OperationalChange, ServerStates } from './server-states.ts';
import { steeringChanged } from './shards/steering-events.ts';
import type { Reading, Traffic } from './traffic.ts';

export interface Following {
  checked(key: ServerKey, result: CheckResult): void;
  /** Tells the engine what holds of a server, now or as soon as it takes it. */
  assert(key: ServerKey): void;
  /** The same of a route. */
  assertRoute(route: string): void;
  /** The runtime is stopping the engine: an instance that goes is no accident from now on. */
  stopping(): void;
  close: Disposer;
}

const tellAgainMs = 1_000;

export function followEngine(options: {
  readonly engine: Engine;
  readonly store: ModelStore;
  readonly states: ServerStates;
  readonly journal: Journal;
  readonly traffic: Traffic;
  readonly clock: Clock;
  readonly routes: RouteStates;
  planInForce(): Plan;
  stepDrains(reading: Reading): void;
  stepSwitches(sample: EngineSample): void;
  /** For the journal, and for who sits at the runtime's terminal. */
  warned(text: string): void;
}): Following {
  const { engine, store, states, routes, journal, traffic, clock, stepDrains, stepSwitches, warned } =
    options;
  let closed = false;
  let cancelRetry: Disposer = () => {};
  let cancelRoutesRetry: Disposer = () => {};

  function tell(wishes: readonly ServerWish[]): void {
    if (closed || wishes.length === 0) return;
    engine.setServers(wishes).catch(() => {
      // The truth is here: once the engine takes it again, it is told everything. No act of an operator is repeated by
      // this, since an act that was not confirmed is not in these states.
      cancelRetry();
      cancelRetry = clock.after(tellAgainMs, () => tell(states.wishes()));
    });
  }

  function tellRoutes(wishes: readonly RouteWish[]): void {
    if (closed || wishes.length === 0) return;
    engine.setRoutes(wishes).catch(() => {
      cancelRoutesRetry();
      cancelRoutesRetry = clock.after(tellAgainMs, () => tellRoutes(routes.wishes()));
    });
  }

  const instances = createInstanceEvents({
    store,
    clock,
    planInForce: options.planInForce,
    happened: (happening) => journal.event(happening),
    warned,
  });

  const stopChanges = engine.changes((change) => {
    if (change.kind === 'instance') instances.changed(change.instance);
    else if (change.kind === 'bind') {
      const { bind } = change;
      const before = store.model.bind.get(bind.name);
      store.set('bind', bind.name, bind);
      // It accepts, but not as configured: nobody steers its clients any more, say.
      if (bind.state === 'open' && bind.text !== undefined && bind.text !== before?.text)
        warned(`bind ${bind.name}: ${bind.text}`);
      if (bind.state === 'failed' && before?.state !== 'failed')
        journal.event({
          subject: bind.name,
          from: 'engine',
          severity: 'bad',
          text: `bind ${bind.name} failed${bind.text ? `: ${bind.text}` : ''}`,
        });
    } else if (change.kind === 'steering')
      steeringChanged(change.steering, store, (happening) => journal.event(happening));
  });
  const stopSamples = engine.samples((sample) => {
    traffic.take(sample);
    stepDrains(traffic.reading()!);
    stepSwitches(sample);
  });

  function tellChange({ server, from, to, lastedMs, result }: OperationalChange): void {
    // The first good check of a start is no news.
    if (from === 'starting' && to === 'up') return;
    // How long a start took is no news either; how long it had been up is.
    const lasted =
      from !== 'starting' && lastedMs >= 1_000
        ? ` (was ${from} ${spokenDuration(Math.floor(lastedMs / 1_000) * 1_000)})`
        : '';
    const why = result ? `: ${result.code} ${result.reason}` : '';
    journal.event({
      subject: server,
      from: 'check',
      severity: to === 'down' ? 'bad' : 'good',
      text: `${to}${lasted}${why}`,
    });
  }

  return {
    assert: (key) => tell([states.wish(key)]),
    assertRoute(route) {
      const wish = routes.wish(route);
      if (wish) tellRoutes([wish]);
    },
    checked(key, result) {
      const change = states.checked(key, result);
      if (!change) return;
      tellChange(change);
      tell([states.wish(key)]);
    },
    stopping: () => instances.stopping(),
    close() {
      closed = true;
      cancelRetry();
      cancelRoutesRetry();
      stopChanges();
      instances.close();
      stopSamples();
    },
  };
}
