// The TLS files of a data plane as they serve: certificates for clients, and how servers are spoken to. What of them cannot
// be used is known here.

import { randomBytes } from 'node:crypto';
import type { Plan } from '../../domain/plan.ts';
import type { TlsMaterial } from '../../domain/tls.ts';
import { CertificateStore } from './certificate-store.ts';
import { ServerProfiles } from './server-profiles.ts';

export class MaterialInForce {
  readonly certificates = new CertificateStore();
  readonly serverProfiles = new ServerProfiles();
  /** One line each: handshakes that need it fail. */
  problems: readonly string[] = [];
  /** Until a runtime gives some: no files, and ticket keys that nobody else has. */
  #material: TlsMaterial = { files: [], tickets: { secret: randomBytes(32).toString('base64'), epoch: 0 } };

  /** From the next handshake on. Without `material` the contents that there are go on. */
  use(plan: Plan | undefined, material: TlsMaterial = this.#material): void {
    this.#material = material;
    if (plan === undefined) return;
    this.problems = [...this.certificates.use(plan, material), ...this.serverProfiles.use(plan, material)];
  }
}
