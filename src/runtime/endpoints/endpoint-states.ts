// Endpoints of servers that are services: which get new connections. The configuration says of none that it drains, so every
// override is a drain; it is kept of endpoints, and of servers, that are gone, until somebody ends it.

import { addressText } from '../../domain/address-text.ts';
import type { EndpointEntity, ServiceEntity, Usable } from '../../domain/kernel.ts';
import type { EndpointDrift } from '../../domain/model.ts';
import { type Plan, type ServerKey, type Service, serverKey } from '../../domain/plan.ts';
import type { ServiceInForce } from '../../engine/engine.ts';
import type { Wished } from '../overrides.ts';

/** Undefined: it is ready, as configured. */
export type EndpointOverride = Wished<'drain'> | undefined;

export interface HeldEndpoint extends Wished<'drain'> {
  readonly server: ServerKey;
  /** As its entity has it: "10.1.0.5:8080". */
  readonly endpoint: string;
}

export interface EndpointStates {
  /** Takes over a plan; overrides stay. */
  adopt(plan: Plan): void;
  /** As the plan has it; undefined of a server that is no service, or not there. */
  service(server: ServerKey): Service | undefined;
  override(server: ServerKey, endpoint: string): EndpointOverride;
  overrides(): readonly HeldEndpoint[];
  hold(held: readonly HeldEndpoint[]): void;
  /** What the engine is told while a change is under way. `undefined`: nothing is. */
  propose(server: ServerKey, endpoint: string, admin: EndpointEntity['admin'] | undefined): void;
  commit(server: ServerKey, endpoint: string, held: EndpointOverride): void;
  /** For the engine: those that get no new connections, whatever plan it has. */
  drained(server: ServerKey): readonly string[];
  /** What the engine says of its rules. */
  told(services: readonly ServiceInForce[]): void;
  inForce(server: ServerKey): Usable;
  entity(server: ServerKey): ServiceEntity | undefined;
  drift(): EndpointDrift[];
}

const nobodyTranslates: Usable = {
  no: 'this engine translates no addresses',
  remedy: 'give its server an address: that it listens on',
};

export function createEndpointStates(): EndpointStates {
  let services = new Map<ServerKey, Service>();
  const overrides = new Map<string, HeldEndpoint>();
  const inForce = new Map<ServerKey, Usable>();
  let proposed:
    | (Pick<HeldEndpoint, 'server' | 'endpoint'> & { key: string; admin: EndpointEntity['admin'] })
    | undefined;

  const keyOf = (server: ServerKey, endpoint: string): string => `${server} ${endpoint}`;

  function adminOf(server: ServerKey, endpoint: string): EndpointEntity['admin'] {
    const key = keyOf(server, endpoint);
    return overrides.get(key)?.value ?? 'ready';
  }

  const namesOf = (server: ServerKey): readonly string[] =>
    services.get(server)?.endpoints.map(({ address }) => addressText(address)) ?? [];

  return {
    adopt({ backends }) {
      services = new Map(
        backends.flatMap(({ name, servers }) =>
          servers.flatMap((server): [ServerKey, Service][] =>
            server.service ? [[serverKey(name, server.name), server.service]] : [],
          ),
        ),
      );
    },
    service: (server) => services.get(server),
    override(server, endpoint) {
      const held = overrides.get(keyOf(server, endpoint));
      return held && { value: held.value, by: held.by, at: held.at };
    },
    overrides: () => [...overrides.values()],
    hold(held) {
      for (const each of held) overrides.set(keyOf(each.server, each.endpoint), each);
    },
    propose(server, endpoint, admin) {
      proposed = admin && { key: keyOf(server, endpoint), server, endpoint, admin };
    },
    commit(server, endpoint, held) {
      proposed = undefined;
      const key = keyOf(server, endpoint);
      if (held === undefined) overrides.delete(key);
      else overrides.set(key, { server, endpoint, ...held });
    },
    drained(server) {
      const names = [...overrides.values()]
        .filter((held) => held.server === server && proposed?.key !== keyOf(server, held.endpoint))
        .map(({ endpoint }) => endpoint);
      return proposed?.server === server && proposed.admin === 'drain'
        ? [...names, proposed.endpoint]
        : names;
    },
    told(told) {
      for (const { server, inForce: usable } of told) inForce.set(server, usable);
    },
    inForce: (server) => inForce.get(server) ?? nobodyTranslates,
    entity(server) {
      const service = services.get(server);
      return (
        service && {
          pick: service.pick,
          endpoints: service.endpoints.map(({ address, weight }): EndpointEntity => {
            const text = addressText(address);
            const held = overrides.get(keyOf(server, text));
            return {
              address: text,
              weight,
              admin: adminOf(server, text),
              configuredAdmin: 'ready',
              ...(held && { adminBy: held.by }),
            };
          }),
          inForce: this.inForce(server),
        }
      );
    },
    drift: () =>
      [...overrides.values()].map(({ server, endpoint, value, by, at }) => ({
        key: `${server} ${endpoint}:endpoint`,
        server,
        endpoint,
        field: 'endpoint',
        configured: namesOf(server).includes(endpoint) ? 'ready' : 'no such endpoint',
        running: value,
        by,
        at,
      })),
  };
}
