// Beyond the proxy: how the kernel takes a connection to a server's address on to an endpoint, by our own table or another's.
// Of a server that a trace has come to. Pure.

import { addressText } from './address-text.ts';
import type { ServerEntity } from './model.ts';
import { type Backend, type ServerKey, serverKey } from './plan.ts';
import { safe } from './safe.ts';
import { addressFor } from './server-tls.ts';
import type { Termination } from './tls.ts';
import type { TraceFacts, TraceStep } from './trace.ts';
import { anyOf, type TraceEnd } from './trace-entrance.ts';

/** What rules of another table make of an address. All texts safe. */
export interface Translated {
  /** Table and chain of the rule: "ip kube-proxy service-2QRHZV4L-default/web/tcp/http". */
  readonly rule: string;
  /** In plain English. */
  readonly text: string;
  /** In the rule's order; empty where it cannot be told. */
  readonly endpoints: readonly { readonly address: string; readonly share?: number }[];
}

const mostSteps = 8;
const mostNamed = 50;

/** One step for each server that may be chosen and whose address is translated, in the order they would be tried. */
export function kernelSteps(
  { name, servers }: Pick<Backend, 'name' | 'servers'>,
  { chosen, candidates = [] }: TraceStep,
  termination: Termination | undefined,
  facts: Pick<TraceFacts, 'servers' | 'translated'>,
): { readonly steps: readonly TraceStep[]; readonly ending?: TraceEnd } {
  const names = candidates.length > 0 ? candidates.map((candidate) => candidate.name) : [chosen ?? ''];
  const steps = names.flatMap((server) => {
    const entity = facts.servers.get(serverKey(name, server));
    const settings = servers.find((each) => each.name === server);
    if (!entity || !settings) return [];
    const step = entity.service
      ? serviceStep(entity, entity.service)
      : foreignStep(entity.key, addressText(addressFor(settings, termination)), facts);
    return step === undefined ? [] : [step];
  });
  const only = names.length === 1 ? steps[0] : undefined;
  return {
    steps: steps.slice(0, mostSteps),
    ...(only && {
      ending:
        only.chosen === undefined
          ? { text: `${names[0]}: ${only.why}`, ok: false }
          : { text: `${names[0]} → ${only.chosen}`, ok: true },
    }),
  };
}

function serviceStep(
  { key, address }: ServerEntity,
  { pick, endpoints, inForce }: NonNullable<ServerEntity['service']>,
): TraceStep {
  const ready = endpoints.filter(({ admin }) => admin === 'ready');
  const total = ready.reduce((sum, { weight }) => sum + weight, 0);
  const others = endpoints
    .filter(({ admin }) => admin === 'drain')
    .slice(0, mostNamed)
    .map((endpoint) => ({
      name: endpoint.address,
      why: safe(`in drain${endpoint.adminBy === undefined ? '' : `, by ${endpoint.adminBy}`}`, 100),
    }));
  const of = `of ${key}: nftables translates ${address}`;
  if (inForce !== true) {
    const remedy = inForce.remedy === undefined ? '' : `; ${inForce.remedy}`;
    const why = `${address} is translated to no endpoint: ${inForce.no}${remedy}`;
    return { what: 'kernel', why: safe(why, 400), others };
  }
  if (ready.length === 0)
    return { what: 'kernel', why: `connecting to ${address} is refused: every endpoint drains`, others };
  const how = pick === 'random' ? 'at random' : 'by the address and port that we connect from';
  return {
    what: 'kernel',
    chosen: anyOf(ready.map((endpoint) => endpoint.address)),
    why: ready.length === 1 ? `${of} to the only endpoint that is ready` : `${of}, ${how}, by weight`,
    others,
    ...listed(
      ready.map((endpoint) => ({
        name: endpoint.address,
        share: endpoint.weight / total,
        why: `weight ${endpoint.weight} of ${total}`,
      })),
    ),
  };
}

function foreignStep(
  key: ServerKey,
  address: string,
  { translated }: Pick<TraceFacts, 'translated'>,
): TraceStep | undefined {
  const found = translated?.(address);
  if (found === undefined) return undefined;
  const { rule, text, endpoints } = found;
  return {
    what: 'kernel',
    chosen: endpoints.length === 0 ? 'as its rules say' : anyOf(endpoints.map((each) => each.address)),
    why: `of ${key}: ${text} (${rule})`,
    others: [],
    ...listed(
      endpoints.map((each) => ({
        name: each.address,
        ...(each.share !== undefined && { share: each.share }),
        why: `one of ${endpoints.length}`,
      })),
    ),
  };
}

function listed(candidates: NonNullable<TraceStep['candidates']>): Pick<TraceStep, 'candidates' | 'more'> {
  if (candidates.length < 2) return {};
  const more = candidates.length - mostNamed;
  return { candidates: candidates.slice(0, mostNamed), ...(more > 0 && { more }) };
}
