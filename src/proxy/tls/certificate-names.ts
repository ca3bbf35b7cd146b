// Which names a certificate is good for, and which of several certificates a name is served with (RFC 6125 6.4).

import type { X509Certificate } from 'node:crypto';

/** Lower case: DNS names with wildcards as they are, and IP addresses. The common name only where there is no other. */
export function certificateNames(certificate: Pick<X509Certificate, 'subjectAltName' | 'subject'>): string[] {
  const alternative = certificate.subjectAltName ?? '';
  const names = alternative
    .split(', ')
    .flatMap((entry) => /^(?:DNS|IP Address):([^"\s]+)$/.exec(entry)?.[1] ?? [])
    .map((name) => name.toLowerCase());
  if (names.length > 0) return names;
  const common = /^CN=(.+)$/m.exec(certificate.subject)?.[1];
  return common === undefined ? [] : [common.toLowerCase()];
}

/** Exact names before wildcards, which stand for one label, the leftmost. */
export class NameTable<T> {
  readonly #exact = new Map<string, T>();
  /** By what follows the "*". */
  readonly #wild = new Map<string, T>();

  /** The value of a name, made by `make` where it has none yet. */
  entry(name: string, make: () => T): T {
    const [map, key] = name.startsWith('*.') ? [this.#wild, name.slice(1)] : [this.#exact, name];
    let value = map.get(key);
    if (value === undefined) {
      value = make();
      map.set(key, value);
    }
    return value;
  }

  find(name: string): T | undefined {
    const exact = this.#exact.get(name);
    if (exact !== undefined) return exact;
    const dot = name.indexOf('.');
    return dot < 1 ? undefined : this.#wild.get(name.slice(dot));
  }
}
