// Answers where a request would go, with what the runtime knows: the plan in force, states, modes, certificates.

import type { Admission } from '../../domain/admission.ts';
import type { CertificateEntity, Model } from '../../domain/model.ts';
import type { Plan } from '../../domain/plan.ts';
import type { Termination } from '../../domain/tls.ts';
import { type Trace, type TraceFacts, type TraceQuestion, trace, traceFault } from '../../domain/trace.ts';

export interface TracingContext {
  readonly model: Model;
  /** With what operators changed of its shape. */
  planInForce(): Plan;
  /** Of that plan, with the TLS modes in force. */
  admission(): Admission;
  /** In force; undefined for a route without TLS. */
  terminationOf(route: string): Termination | undefined;
  certificateOf(host: string | undefined, route: string): CertificateEntity | undefined;
}

export function createTracing(
  context: TracingContext,
): (question: TraceQuestion, translated?: TraceFacts['translated']) => Trace | { readonly fault: string } {
  return (question, translated) => {
    const fault = traceFault(question);
    if (fault !== undefined) return { fault };
    const { model } = context;
    const serving = [...model.instance.values()].filter(({ state }) => state === 'serving');
    return trace(question, {
      plan: context.planInForce(),
      admission: context.admission(),
      addresses: new Map([...model.bind.values()].map(({ name, address }) => [name, address])),
      paths: new Map([...model.bind.values()].flatMap(({ name, path }) => (path ? [[name, path]] : []))),
      terminationOf: (route) => context.terminationOf(route),
      servers: model.server,
      certificateOf: (host, route) => context.certificateOf(host, route),
      serving: new Set(serving.map(({ name }) => name)),
      ...(translated && { translated }),
    });
  };
}
