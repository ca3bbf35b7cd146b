// Where would this request go, and why not elsewhere: bind → shard → instance → route → TLS mode → backend → servers.
// Asks the very rules that the data plane asks; sends nothing. Pure.

import type { Admission } from './admission.ts';
import type { CertificateEntity, ServerEntity } from './model.ts';
import type { Plan } from './plan.ts';
import type { Termination } from './tls.ts';

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
  readonly what: 'bind' | 'shard' | 'instance' | 'tls' | 'route' | 'backend' | 'server';
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
}

export function trace(_question: TraceQuestion, _facts: TraceFacts): Trace {
  throw new Error('to be written');
}

/** What is wrong with a question, in words fit for a screen; undefined where nothing is. */
export function traceFault(_question: TraceQuestion): string | undefined {
  throw new Error('to be written');
}
