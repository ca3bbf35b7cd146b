// Which certificate a client is shown: by the name it asks for, from the plan's files as the runtime read them.

import type { Server } from 'node:tls';
import type { Bind, Plan } from '../../domain/plan.ts';
import type { TlsMaterial } from '../../domain/tls.ts';

export class CertificateStore {
  /**
   * Other certificates from the next handshake on. What cannot be used is left out; answers why, one line each.
   * The runtime has checked them all before, so that nothing is left out in the run of things.
   */
  use(_plan: Plan, _material: TlsMaterial): string[] {
    return [];
  }

  /** What handshakes for this name are done with on this bind; undefined: no certificate has it, and there is no default. */
  serverFor(_sni: string | undefined, _bind: Bind): Server | undefined {
    return undefined;
  }
}
