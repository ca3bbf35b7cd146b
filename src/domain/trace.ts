// Where would this request go, and why not elsewhere: bind → shard → instance → route → TLS mode → backend → servers → endpoints.
// Asks the very rules that the data plane asks; sends nothing. Pure.

import type { Admission } from './admission.ts';
import type { BindPathEntity } from './kernel.ts';
import type { CertificateEntity, ServerEntity } from './model.ts';
import type { Plan } from './plan.ts';
import type { Termination } from './tls.ts';
import { findBind, instanceStep, shardStep, type TraceEnd } from './trace-entrance.ts';
import { kernelSteps, type Translated } from './trace-kernel.ts';
import { kernelPathStep, withoutKernelStep } from './trace-kernel-path.ts';
import { readQuestion } from './trace-question.ts';
import { routeStep, tlsStep, type Way } from './trace-route.ts';
import { backendStep, serverStep } from './trace-servers.ts';

export interface TraceQuestion {
  /** "https://shop.apps.example.com/cart", "http://…", "tcp://127.0.0.1:5432". A port chooses the bind. */
  readonly url: string;
  /** The client's address; undefined: the instance is not known. */
  readonly from?: string;
  /** Where it is not the URL's host. */
  readonly sni?: string;
  /** Of cookie persistence: "SRV=…". */
  readonly cookie?: string;
}

export interface Trace {
  readonly question: TraceQuestion;
  readonly steps: readonly TraceStep[];
  /** In one line: "default/2 → shop (edge) → web → app1", or where it ends and with what answer. */
  readonly result: string;
  readonly ok: boolean;
}

export interface TraceStep {
  readonly what: 'bind' | 'shard' | 'instance' | 'tls' | 'route' | 'backend' | 'server' | 'kernel';
  /** What was chosen; undefined where it ends here. One safe line, as all texts here. */
  readonly chosen?: string;
  readonly why: string;
  /** What was not chosen, and why, nearest first; at most 50. */
  readonly others: readonly { readonly name: string; readonly why: string }[];
  /** Candidates in the order they would be tried (servers), or with their share: "50 %". */
  readonly candidates?: readonly { readonly name: string; readonly share?: number; readonly why: string }[];
  /** Candidates left out behind those, where they would be too many to send. */
  readonly more?: number;
}

export interface TraceFacts {
  readonly plan: Plan;
  readonly admission: Admission;
  /** Really listened on, by bind name: "127.0.0.1:34567". */
  readonly addresses: ReadonlyMap<string, string>;
  readonly terminationOf: (route: string) => Termination | undefined;
  readonly servers: ReadonlyMap<string, ServerEntity>;
  /** What a client that asks for this name is shown. */
  readonly certificateOf: (host: string | undefined, route: string) => CertificateEntity | undefined;
  /** Instances that serve now, by name. */
  readonly serving: ReadonlySet<string>;
  /** Of binds with `path: kernel`: who carries their clients now. */
  readonly paths?: ReadonlyMap<string, BindPathEntity>;
  /** What other tables of nftables make of a server's address, "10.96.0.1:443"; undefined: nothing, or nobody knows. */
  readonly translated?: (address: string) => Translated | undefined;
}

export function trace(question: TraceQuestion, facts: TraceFacts): Trace {
  const asked = readQuestion(question);
  const steps: TraceStep[] = [];
  const ended = ({ text, ok }: TraceEnd, before = ''): Trace => ({
    question,
    steps,
    result: `${before && `${before} → `}${text}`,
    ok,
  });
  if ('fault' in asked) return ended({ text: asked.fault, ok: false });

  const found = findBind(asked, facts);
  steps.push(found.step);
  if ('end' in found) return ended(found.end);
  const { entrance } = found;
  steps.push(shardStep(entrance, asked, facts));
  const path = entrance.bind.kernelPath && facts.paths?.get(entrance.bind.name);
  if (path?.by === 'kernel') {
    const way = backendStep(undefined, entrance.bind, undefined, facts);
    steps.push(way.step);
    if (way.end !== undefined) return ended(way.end, 'kernel');
    const [backend] = way.backends;
    const sent = kernelPathStep(backend!, entrance.bind, asked, facts);
    steps.push(sent.step);
    return ended(sent.end, `kernel → ${backend!.name}`);
  }
  if (path !== undefined) {
    const without = withoutKernelStep(entrance.bind, path);
    steps.push(without.step);
    if (without.end !== undefined) return ended(without.end);
  }
  const steered = instanceStep(entrance, asked, facts);
  steps.push(steered.step);
  if (steered.end !== undefined) return ended(steered.end);
  const instance = steered.step.chosen!;

  let way: Way = { route: undefined, termination: undefined };
  if (entrance.bind.mode === 'tls') {
    const hello = tlsStep(entrance, asked, facts);
    steps.push(hello.step);
    if ('end' in hello) return ended(hello.end, instance);
    way = hello.way;
  }
  if (entrance.bind.mode !== 'tcp') {
    const decided = routeStep(entrance, asked, facts, entrance.bind.mode === 'tls' ? way : undefined);
    steps.push(decided.step);
    if ('end' in decided) return ended(decided.end, instance);
    way = decided.way;
  }
  const { route, termination } = way;
  const { bind } = entrance;
  const routed = route && `${route.name}${termination === undefined ? '' : ` (${termination})`}`;
  const begun = [instance, routed].filter((part) => part !== undefined).join(' → ');

  const backends = backendStep(route, bind, termination, facts);
  steps.push(backends.step);
  if (backends.end !== undefined) return ended(backends.end, begun);
  const several = backends.backends.length > 1;
  const ways = backends.backends.slice(0, mostBackends).map((backend) => {
    const { step, end } = serverStep(backend, bind, termination, asked, facts, several);
    steps.push(step);
    if (end !== undefined) return { text: `${backend.name} → ${end.text}`, ok: false };
    const beyond = kernelSteps(backend, step, termination, facts);
    steps.push(...beyond.steps);
    const { text, ok } = beyond.ending ?? { text: step.chosen!, ok: true };
    return { text: `${backend.name} → ${text}`, ok };
  });
  // Where it may go to several, the answer is as good as the worst of them.
  return ended({ text: ways.map(({ text }) => text).join(', or '), ok: ways.every(({ ok }) => ok) }, begun);
}

/** A route sends to four at most in OpenShift; of more the first are shown. */
const mostBackends = 8;

/** What is wrong with a question, in words fit for a screen; undefined where nothing is. */
export function traceFault(question: TraceQuestion): string | undefined {
  const asked = readQuestion(question);
  return 'fault' in asked ? asked.fault : undefined;
}
