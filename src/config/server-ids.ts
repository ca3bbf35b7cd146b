// Stable numbers for servers. `source` hashes clients onto them, so they must not move when a list is reordered or a
// server is added: the number written, else one made from the server's name alone.

import type { Finding, Path } from './problem.ts';
import { valueAt } from './source.ts';

/** FNV-1a, cut to 1 … 2^31 - 1. */
export function idOfName(name: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(name)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return (hash % (2 ** 31 - 1)) + 1;
}

/** For one backend's raw list of servers; what has neither name nor id gets 0, and is reported elsewhere. */
export function serverIds(servers: unknown, path: Path): { ids: number[]; findings: Finding[] } {
  const taken = new Map<number, string>();
  const findings: Finding[] = [];
  const list: readonly unknown[] = Array.isArray(servers) ? servers : [];
  const ids = list.map((server, index) => {
    const [id, name] = [valueAt(server, ['id']), valueAt(server, ['name'])];
    const chosen = typeof id === 'number' ? id : typeof name === 'string' ? idOfName(name) : 0;
    const other = taken.get(chosen);
    // Two servers of one name are reported as such.
    if (other !== undefined && chosen !== 0 && other !== name)
      findings.push({
        path: [...path, index, typeof id === 'number' ? 'id' : 'name'],
        message:
          typeof id === 'number'
            ? `the server "${other}" has the id ${chosen} as well`
            : `the id made from this name, ${chosen}, is that of the server "${other}"`,
        remedy: 'give it an id: of its own',
      });
    else taken.set(chosen, typeof name === 'string' ? name : '');
    return chosen;
  });
  return { ids, findings };
}
