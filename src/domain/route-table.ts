// Which route serves a request: the exact host first, then the wildcard with the most labels, then routes of any host;
// among those the longest path, by whole segments. Compiled once for a plan; a match allocates nothing.

import type { Route } from './plan.ts';

type Matchable = { readonly host?: string | undefined } & Pick<Route, 'path'>;

export interface RouteTable<R> {
  /** `host` lower case and without port, undefined or "" where the request has none; `path` may carry its query. */
  match(host: string | undefined, path: string): R | undefined;
}

interface Entry<R> {
  /** Without a slash at its end: "" matches all. */
  readonly path: string;
  readonly route: R;
}

interface Wildcard<R> {
  /** ".example.com" */
  readonly suffix: string;
  readonly entries: Entry<R>[];
}

export function compileRoutes<R extends Matchable>(routes: readonly R[]): RouteTable<R> {
  const exact = new Map<string, Entry<R>[]>();
  /** By the hash of the suffix, read from its end. */
  const wildcards = new Map<number, Wildcard<R>[]>();
  const anyHost: Entry<R>[] = [];

  for (const route of routes) {
    const entry = { path: route.path.replace(/\/+$/, ''), route };
    entriesFor(route.host).push(entry);
  }
  // Stable, so of two equal paths the one written first wins.
  const byLength = (a: Entry<R>, b: Entry<R>) => b.path.length - a.path.length;
  for (const entries of exact.values()) entries.sort(byLength);
  for (const bucket of wildcards.values()) for (const { entries } of bucket) entries.sort(byLength);
  anyHost.sort(byLength);

  function entriesFor(host: string | undefined): Entry<R>[] {
    if (host === undefined || host === '' || host === '*') return anyHost;
    const key = host.toLowerCase();
    if (!key.startsWith('*.')) {
      const entries = exact.get(key) ?? [];
      exact.set(key, entries);
      return entries;
    }
    const suffix = key.slice(1);
    const hash = hashBackwards(suffix);
    const bucket = wildcards.get(hash) ?? [];
    wildcards.set(hash, bucket);
    const known = bucket.find((candidate) => candidate.suffix === suffix);
    if (known !== undefined) return known.entries;
    const entries: Entry<R>[] = [];
    bucket.push({ suffix, entries });
    return entries;
  }

  /** Walks the host from its end, hashing as it goes, so that no suffix needs to be cut out; the longest that serves wins. */
  function matchWildcard(host: string, path: string): R | undefined {
    let found: R | undefined;
    let hash = 0;
    for (let i = host.length - 1; i > 0; i--) {
      const code = host.charCodeAt(i);
      hash = step(hash, code);
      if (code !== 46) continue;
      const bucket = wildcards.get(hash);
      if (bucket === undefined) continue;
      for (const { suffix, entries } of bucket) {
        if (suffix.length === host.length - i && host.endsWith(suffix))
          found = matchPath(entries, path) ?? found;
      }
    }
    return found;
  }

  return {
    match(host, path) {
      if (host !== undefined && host !== '') {
        const entries = exact.get(host);
        const found = entries === undefined ? undefined : matchPath(entries, path);
        if (found !== undefined) return found;
        const wild = wildcards.size === 0 ? undefined : matchWildcard(host, path);
        if (wild !== undefined) return wild;
      }
      return matchPath(anyHost, path);
    },
  };
}

function matchPath<R>(entries: readonly Entry<R>[], path: string): R | undefined {
  for (const entry of entries) {
    const { length } = entry.path;
    if (length > path.length || !path.startsWith(entry.path)) continue;
    const next = length === path.length ? 47 : path.charCodeAt(length);
    // "/" a deeper segment, "?" the query. The empty path matches whatever the target is, "*" included.
    if (length === 0 || next === 47 || next === 63) return entry.route;
  }
  return undefined;
}

function step(hash: number, code: number): number {
  return (Math.imul(hash, 31) + code) | 0;
}

function hashBackwards(text: string): number {
  let hash = 0;
  for (let i = text.length - 1; i >= 0; i--) hash = step(hash, text.charCodeAt(i));
  return hash;
}
