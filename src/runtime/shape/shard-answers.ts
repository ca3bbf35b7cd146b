// What if, and where would it go: questions about shards, answered from the plan that runs and the clients that are seen.

import { type Admission, admit } from '../../domain/admission.ts';
import type { Plan, Route } from '../../domain/plan.ts';
import type { Termination } from '../../domain/tls.ts';
import type { Engine } from '../../engine/engine.ts';
import type { ControlServices } from '../control/services.ts';
import type { ForeignTables } from '../endpoints/foreign-tables.ts';
import type { ModelStore } from '../model-store.ts';
import type { LoadedPlan, Reload } from '../reload.ts';
import type { ServerStates } from '../server-states.ts';
import { createTracing } from '../shards/tracing.ts';
import { createWhatIf } from '../shards/what-if.ts';
import type { TlsDesk } from '../tls-desk.ts';
import type { Plans } from './plans.ts';

export interface ShardAnswers extends Pick<ControlServices, 'shardPlan' | 'trace'> {
  /** Of any plan, with the TLS modes in force. */
  admissionOf(plan: Plan): Admission;
}

export function createShardAnswers(options: {
  readonly store: ModelStore;
  readonly engine: Pick<Engine, 'clients'>;
  readonly states: Pick<ServerStates, 'wishes'>;
  readonly tls: Pick<TlsDesk, 'routes' | 'certificates'>;
  readonly reload: Pick<Reload, 'possible' | 'ahead'>;
  plans(): Plans;
  /** What other tables of nftables make of servers' addresses; missing where nobody can tell. */
  readonly translation?: ForeignTables['translation'];
}): ShardAnswers {
  const { store, engine, states, tls, reload, plans } = options;
  const { routes, certificates } = tls;
  const modeOf = ({ name, tls: configured }: Route): Termination | undefined =>
    configured && (routes.override(name)?.value ?? configured.termination);

  /** The plan that would run, by a reload. */
  async function load(): Promise<LoadedPlan> {
    const next = await reload.ahead();
    return 'result' in next
      ? { ok: false, errors: [{ message: next.text }] }
      : { ok: true, plan: next.running };
  }

  const tracing = createTracing({
    model: store.model,
    planInForce: () => plans().running,
    admission: () => routes.admission(),
    terminationOf: (route) => routes.termination(route),
    certificateOf: (host) => certificates.certificateOf(host),
  });

  return {
    admissionOf: (plan) => admit(plan, modeOf),
    shardPlan: createWhatIf({
      planInForce: () => plans().running,
      load: reload.possible ? load : undefined,
      terminationOverride: (route) => routes.override(route)?.value,
      wishes: () => states.wishes(),
      clients: () => engine.clients(),
    }),
    trace: async (question) => tracing(question, await options.translation?.()),
  };
}
