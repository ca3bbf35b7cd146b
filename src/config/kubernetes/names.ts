// Names that a configuration may have, made of names that Kubernetes allows: those are longer, and a pod has several ports.

import { createHash } from 'node:crypto';
import { idOfName } from '../server-ids.ts';
import type { Endpoint } from './endpoints.ts';
import type { WrittenServer } from './written.ts';

const longest = 200;

/** Cut where it is too long, and cleaned of what no name may have; then a part of its hash keeps it apart from others. */
export function nameOf(...parts: readonly string[]): string {
  const name = parts.map(wordOf).join(':');
  return name.length <= longest ? name : `${name.slice(0, longest - 13)}-${hashOf(name)}`;
}

/** ":" joins words, so none has one. */
function wordOf(part: string): string {
  if (/^[A-Za-z0-9_.-]+$/.test(part)) return part;
  return `${part.replace(/[^A-Za-z0-9_.-]/g, '-')}-${hashOf(part)}`;
}

export function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}

/** By name and address, so that the order of a list, which Kubernetes changes at will, is no change here. */
export function serversOf(endpoints: readonly Endpoint[], maxConnections?: number): WrittenServer[] {
  const byAddress = new Map<string, Endpoint>();
  for (const endpoint of endpoints) {
    const { address, port } = endpoint;
    const written = address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
    if (!byAddress.has(written)) byAddress.set(written, endpoint);
  }
  const sorted = [...byAddress].sort(([a], [b]) => (a < b ? -1 : 1));
  const base = ({ target, address }: Endpoint) => nameOf(target ?? address.replace(/[.:%]/g, '-'));
  const uses = new Map<string, number>();
  for (const [, endpoint] of sorted) uses.set(base(endpoint), (uses.get(base(endpoint)) ?? 0) + 1);
  const taken = new Set<string | number>();
  return sorted
    .map(([address, endpoint]) => {
      const name = base(endpoint);
      const plainAddress = address.replace(/[[\]]/g, '').replace(/[.:%]+/g, '-');
      const tries = [name, nameOf(`${name}-${endpoint.port}`), nameOf(`${name}-${plainAddress}`)];
      const chosen = tries
        .slice(uses.get(name) === 1 ? 0 : 1)
        .find((candidate) => !taken.has(candidate) && !taken.has(idOfName(candidate)));
      const unique = chosen ?? nameOf(`${name}-${hashOf(address)}`);
      taken.add(unique);
      taken.add(idOfName(unique));
      return { name: unique, address, ...(maxConnections === undefined ? {} : { maxConnections }) };
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}
