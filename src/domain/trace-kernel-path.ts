// Of a bind with `path: kernel`: to whom nftables sends its clients on, past every instance; or who takes them instead. Pure.

import { addressText } from './address-text.ts';
import { activeCandidates } from './balance/active-candidates.ts';
import type { BindPathEntity } from './kernel.ts';
import { type Backend, type Bind, serverKey } from './plan.ts';
import { safe } from './safe.ts';
import { toCandidate } from './server-moves.ts';
import type { TraceFacts, TraceStep } from './trace.ts';
import { anyOf, type TraceEnd } from './trace-entrance.ts';
import type { Asked } from './trace-question.ts';
import { serverStep, wishOf } from './trace-servers.ts';

const mostNamed = 50;

/** Where it is not the kernel that takes them: who does. */
export function withoutKernelStep(
  { name }: Bind,
  path: BindPathEntity,
): { readonly step: TraceStep; readonly end?: TraceEnd } {
  const why = safe(
    `the kernel cannot send clients of bind ${name} on: ${path.why ?? 'nobody says why'}`,
    400,
  );
  if (path.by === 'relay')
    return { step: { what: 'kernel', chosen: 'relay', why: `${why}; so they are relayed`, others: [] } };
  const text = 'the connection is refused: nobody listens (fallback: none)';
  return {
    step: { what: 'kernel', why: `${why}; and nobody listens`, others: [] },
    end: { text, ok: false },
  };
}

export function kernelPathStep(
  backend: Backend,
  bind: Bind,
  asked: Asked,
  facts: TraceFacts,
): { readonly step: TraceStep; readonly end: TraceEnd } {
  const { step, end } = serverStep(backend, bind, undefined, { ...asked, from: undefined }, facts, false);
  const by = `no instance carries clients of bind ${bind.name}: nftables sends them on`;
  if (end !== undefined) {
    const text = 'the connection is refused: no server takes new clients';
    return {
      step: { what: 'kernel', why: `${by}, and ${text}`, others: step.others },
      end: { text, ok: false },
    };
  }
  const servers = backend.servers.map((settings) => {
    const entity = facts.servers.get(serverKey(backend.name, settings.name));
    return { settings, entity, ...toCandidate(settings, wishOf(backend, settings, entity)) };
  });
  const places = activeCandidates(servers).flatMap(({ name, weight, settings, entity }) => {
    if (settings.service === undefined) return [{ name, address: addressText(settings.address), weight }];
    const drained = new Set(
      entity?.service?.endpoints.filter(({ admin }) => admin === 'drain').map(({ address }) => address),
    );
    return settings.service.endpoints
      .map((endpoint) => ({ ...endpoint, text: addressText(endpoint.address) }))
      .filter(({ text }) => !drained.has(text))
      .map((endpoint) => ({
        name: `${name} ${endpoint.text}`,
        address: endpoint.text,
        weight: weight * endpoint.weight,
      }));
  });
  const total = places.reduce((sum, { weight }) => sum + weight, 0);
  const how = {
    roundrobin: 'in turn, by weight',
    random: 'at random, by weight',
    source: "by a hash of the client's address, by weight",
    leastconn: 'by weight',
  }[backend.algorithm];
  const names = places.map(({ name }) => name);
  if (names.length === 0) {
    const text = 'the connection is refused: every endpoint drains';
    return {
      step: { what: 'kernel', why: `${by}, and ${text}`, others: step.others },
      end: { text, ok: false },
    };
  }
  return {
    step: {
      what: 'kernel',
      chosen: anyOf(names),
      why: names.length === 1 ? `${by} to the only one that takes new clients` : `${by}, ${how}`,
      others: step.others,
      candidates: places.slice(0, mostNamed).map(({ name, address, weight }) => ({
        name,
        share: weight / total,
        why: `${address}, weight ${weight} of ${total}`,
      })),
      ...(places.length > mostNamed && { more: places.length - mostNamed }),
    },
    end: { text: anyOf(names), ok: true },
  };
}
