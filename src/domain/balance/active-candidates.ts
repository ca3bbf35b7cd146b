// Who is balanced over: those that take new clients and are no backup; the backups only when there is nobody else.

import type { Candidate } from './balancer.ts';

export function activeCandidates<C extends Candidate>(candidates: readonly C[]): C[] {
  const taking = candidates.filter((candidate) => candidate.takesNew);
  const primary = taking.filter((candidate) => !candidate.backup);
  return primary.length > 0 ? primary : taking;
}
