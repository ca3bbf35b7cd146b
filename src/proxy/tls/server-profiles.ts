// How servers are spoken to over TLS: one profile for all routes and backends that ask for the same.

import type { Plan } from '../../domain/plan.ts';
import type { TlsMaterial } from '../../domain/tls.ts';
import type { BackendRuntime } from '../backend-runtime.ts';
import type { RouteRuntime } from '../bind-runtime.ts';

/** Connections of equal profiles (the same object) may be pooled together. */
export interface ServerProfile {
  readonly serverName: string | undefined;
  readonly verify: 'required' | 'none';
}

export class ServerProfiles {
  /** Other files: profiles made before are not given out again. Answers what cannot be used, one line each. */
  use(_plan: Plan, _material: TlsMaterial): string[] {
    return [];
  }

  /** @throws Error naming the file, where what the plan names cannot be used */
  of(_route: RouteRuntime | undefined, _backend: BackendRuntime): ServerProfile {
    return { serverName: undefined, verify: 'required' };
  }
}
