// What is known before a route's TLS mode is switched: findings, each with its evidence, and the verdict they make.

import type { Termination } from './tls.ts';

export interface Preflight {
  readonly route: string;
  readonly from: Termination;
  readonly to: Termination;
  /** Who is affected: client connections of the route open now, by the mode they came in. */
  readonly connections: Readonly<Record<Termination, number>>;
  /** In the order in which they came in. */
  readonly findings: readonly PreflightFinding[];
  /** Probes under way. */
  readonly pending: number;
  /** `unsafe`: at least one finding is; the switch is refused unless it is forced by the route's name. */
  readonly verdict: 'running' | 'safe' | 'unsafe';
}

export interface PreflightFinding {
  /** What it is about: "web/app1", "certificate", "http binds", "shop" (the route). */
  readonly subject: string;
  /** `unsafe`: clients would fail. `warning`: somebody should know. `note` and `good` are what was found to be right. */
  readonly severity: 'good' | 'note' | 'warning' | 'unsafe';
  /** One safe line with its evidence: "speaks TLSv1.3, CN=api, chain good, expires in 91 d". */
  readonly text: string;
  readonly remedy?: string;
  /** No route can be that: refused also when it is forced. */
  readonly conflict?: true;
}
