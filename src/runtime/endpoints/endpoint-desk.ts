// Endpoints as the runtime has them: what operators wished, what the engine says of its rules, both into the model.

import { hostPort } from '../../domain/address-text.ts';
import type { Disposer } from '../../domain/event.ts';
import type { Usable } from '../../domain/kernel.ts';
import { type Plan, type ServerKey, serverKey } from '../../domain/plan.ts';
import type { Engine } from '../../engine/engine.ts';
import { publishDrift } from '../drift.ts';
import type { Happening } from '../journal.ts';
import type { ModelStore } from '../model-store.ts';
import type { ServerStates } from '../server-states.ts';
import type { EndpointStates } from './endpoint-states.ts';

export interface EndpointDesk {
  /** The server's entity, and the drift. */
  publish(server: ServerKey): void;
  /** A plan is in force: what the engine says now, before servers are published; and what is kept of one that is back. */
  inForce(before: Plan, after: Plan): void;
  close: Disposer;
}

export function createEndpointDesk(options: {
  readonly engine: Pick<Engine, 'snapshot' | 'changes'>;
  readonly store: ModelStore;
  readonly states: Pick<ServerStates, 'refresh'>;
  readonly endpoints: EndpointStates;
  happened(happening: Happening): void;
  /** For the journal, and for who sits at the runtime's terminal. */
  warned(text: string): void;
}): EndpointDesk {
  const { engine, store, states, endpoints, happened, warned } = options;
  const told = new Map<ServerKey, Usable>();

  /** That a service is reached is no news; that it is not, or is again, is. */
  function tell(server: ServerKey, usable: Usable): void {
    const before = told.get(server);
    told.set(server, usable);
    if (usable === true) {
      if (before !== undefined && before !== true)
        happened({ subject: server, from: 'nft', severity: 'good', text: 'its address is translated again' });
      return;
    }
    if (before !== undefined && before !== true && before.no === usable.no) return;
    const remedy = usable.remedy === undefined ? '' : `; ${usable.remedy}`;
    warned(`service ${server} cannot be reached: ${usable.no}${remedy}`);
  }

  const stop = engine.changes((change) => {
    if (change.kind !== 'service') return;
    const { server, inForce } = change.service;
    endpoints.told([change.service]);
    // While a plan is being put in force nobody knows the server yet.
    if (!endpoints.service(server) || !store.model.server.has(server)) return;
    tell(server, inForce);
    states.refresh(server);
  });

  const publishOverrides = (): void => publishDrift(store, 'endpoint', endpoints.drift());

  return {
    publish(server) {
      states.refresh(server);
      publishOverrides();
    },
    inForce(before, after) {
      endpoints.told(engine.snapshot().services ?? []);
      publishOverrides();
      const known = new Set(endpointsOf(before));
      const now = endpointsOf(after);
      for (const server of [...told.keys()]) if (!endpoints.service(server)) told.delete(server);
      for (const server of serversOf(after)) tell(server, endpoints.inForce(server));
      if (before === after) return;
      const back = new Set(now.filter((each) => !known.has(each)));
      for (const { server, endpoint, by } of endpoints.overrides())
        if (back.has(`${server} ${endpoint}`))
          happened({
            subject: server,
            from: 'reload',
            severity: 'warning',
            text: `endpoint ${endpoint} is in the configuration again: the drain by ${by} holds`,
          });
    },
    close: stop,
  };
}

function serversOf({ backends }: Plan): ServerKey[] {
  return backends.flatMap(({ name, servers }) =>
    servers.flatMap((server) => (server.service ? [serverKey(name, server.name)] : [])),
  );
}

function endpointsOf({ backends }: Plan): string[] {
  return backends.flatMap(({ name, servers }) =>
    servers.flatMap((server) =>
      (server.service?.endpoints ?? []).map(
        ({ address }) => `${serverKey(name, server.name)} ${hostPort(address.host, address.port)}`,
      ),
    ),
  );
}
