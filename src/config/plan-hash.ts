// A plan's name: equal plans have equal hashes, however their files are laid out.

import { createHash } from 'node:crypto';
import type { Plan } from '../domain/plan.ts';

/** First 12 hex digits of the SHA-256 of the plan without its hash, as JSON with sorted keys. */
export function planHash(plan: Omit<Plan, 'hash'> & { readonly hash?: string }): string {
  const { hash: _, ...rest } = plan;
  return createHash('sha256').update(canonical(rest)).digest('hex').slice(0, 12);
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value)
    .filter(([, inner]) => inner !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, inner]) => `${JSON.stringify(key)}:${canonical(inner)}`).join()}}`;
}
