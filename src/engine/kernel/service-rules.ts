// What the kernel is to be told of services: those of a plan, with the endpoints that drain. Pure.

import { addressText } from '../../domain/address-text.ts';
import { type Plan, type ServerKey, serverKey } from '../../domain/plan.ts';
import type { ServerWish } from '../../domain/server-state.ts';
import type { EndpointRule, ServiceRules } from '../../nft/table/parts/service-part.ts';

export function serviceRules({ backends }: Plan, wishes: readonly ServerWish[]): ServiceRules[] {
  const drained = new Map(wishes.map((wish) => [wish.server, new Set(wish.drained ?? [])]));
  return backends.flatMap((backend) =>
    backend.servers.flatMap(({ name, address, service }): ServiceRules[] => {
      if (service === undefined || address.kind !== 'ip') return [];
      const server = serverKey(backend.name, name);
      const endpoints = service.endpoints.map((endpoint): EndpointRule => {
        const text = addressText(endpoint.address);
        return {
          name: text,
          address: endpoint.address,
          weight: endpoint.weight,
          drained: drained.get(server)?.has(text) ?? false,
        };
      });
      return [{ server, address, pick: service.pick, endpoints }];
    }),
  );
}

/** Those of the plan that comes, and of the one before what it does not say anew: its streams are under way still. */
export function together(
  coming: readonly ServiceRules[],
  before: readonly ServiceRules[],
): readonly ServiceRules[] {
  const servers = new Set(coming.map(({ server }) => server));
  const addresses = new Set(coming.map(({ address }) => addressText({ kind: 'ip', ...address })));
  const left = before.filter(
    ({ server, address }) => !servers.has(server) && !addresses.has(addressText({ kind: 'ip', ...address })),
  );
  return [...coming, ...left];
}

/** Servers that had an endpoint that gets no new connections any more. */
export function leftEndpoints(
  before: readonly ServiceRules[],
  after: readonly ServiceRules[],
): readonly ServerKey[] {
  const readyOf = (rules: readonly ServiceRules[], server: ServerKey): Set<string> =>
    new Set(
      rules
        .find((service) => service.server === server)
        ?.endpoints.filter(({ drained }) => !drained)
        .map(({ name }) => name),
    );
  return before.flatMap(({ server, endpoints }) => {
    const now = readyOf(after, server);
    return endpoints.some(({ name, drained }) => !drained && !now.has(name)) ? [server] : [];
  });
}
