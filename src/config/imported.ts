// What is served beside a configuration's own: routes, backends and namespaces that were made of other files. The
// configuration's own wins where names clash, and what is wrong with the others costs them alone, never the whole. Pure.

import { safe } from '../domain/safe.ts';
import type { WrittenConfiguration } from './kubernetes/written.ts';
import type { Finding, Path, Problem } from './problem.ts';

type Lists = Pick<WrittenConfiguration, 'namespaces' | 'routes' | 'backends'>;
type List = keyof Lists;

export interface Imported {
  readonly configuration: Lists;
  /** By name of the route: where it stands. */
  readonly places: ReadonlyMap<string, { readonly file: string; readonly line: number }>;
  /** What they come from, as it is shown where no better place is known. */
  readonly from: string;
}

/** A configuration's raw value with what is beside it. Entries of their own come after the configuration's. */
export interface Merged {
  readonly value: unknown;
  /** Of what was left out. */
  readonly warnings: readonly Problem[];
  /** The imported entry that a finding is about, told as one; undefined where it is the configuration's own. */
  problem(finding: Finding): Problem | undefined;
  /** Without the imported entries that these are about. */
  without(findings: readonly Finding[]): Merged;
}

const kinds = { namespaces: 'namespace', routes: 'route', backends: 'backend' } as const;
const lists = Object.keys(kinds) as List[];

export function mergeImported(raw: unknown, imported: Imported | undefined): Merged {
  const own = imported && ownNames(raw);
  if (!imported || !own) return nothingImported(raw);
  const clashes = lists.flatMap((list) =>
    imported.configuration[list]
      .filter(({ name }) => own[list].has(name))
      .map(({ name }) =>
        placed(imported, list, name, {
          path: [],
          message: `the configuration has a ${kinds[list]} of this name, and that one is served`,
          remedy: 'rename one of them',
        }),
      ),
  );
  const kept = keep(imported.configuration, (list, name) => !own[list].has(name));
  return mergedWith(raw as Record<string, unknown>, imported, kept, clashes);
}

function nothingImported(value: unknown): Merged {
  const merged: Merged = { value, warnings: [], problem: () => undefined, without: () => merged };
  return merged;
}

function mergedWith(
  raw: Readonly<Record<string, unknown>>,
  imported: Imported,
  entries: Lists,
  warnings: readonly Problem[],
): Merged {
  const { namespaces, routes, backends } = used(raw, entries);
  const kept: Lists = { namespaces, routes, backends };
  const ownOf = (list: List): readonly unknown[] => (raw[list] as readonly unknown[] | undefined) ?? [];
  const entryAt = ([list, index]: Path): { list: List; name: string } | undefined => {
    const known = lists.find((each) => each === list);
    const entry = known && typeof index === 'number' ? kept[known][index - ownOf(known).length] : undefined;
    return known && entry && { list: known, name: entry.name };
  };
  return {
    value: {
      ...raw,
      ...Object.fromEntries(
        lists
          .filter((list) => raw[list] !== undefined || kept[list].length > 0)
          .map((list) => [list, [...ownOf(list), ...kept[list]]]),
      ),
    },
    warnings,
    problem(finding) {
      const entry = entryAt(finding.path);
      return entry && placed(imported, entry.list, entry.name, finding);
    },
    without(findings) {
      const gone = new Map<string, Problem>();
      for (const finding of findings) {
        const entry = entryAt(finding.path);
        if (!entry || gone.has(`${entry.list} ${entry.name}`)) continue;
        const message = `${finding.message}: it is left out`;
        gone.set(
          `${entry.list} ${entry.name}`,
          placed(imported, entry.list, entry.name, { ...finding, message }),
        );
      }
      const rest = keep(kept, (list, name) => !gone.has(`${list} ${name}`));
      return mergedWith(raw, imported, rest, [...warnings, ...gone.values()]);
    },
  };
}

/** Backends of routes that were left out are of no use. */
function used(raw: Readonly<Record<string, unknown>>, entries: Lists): Lists {
  const names = new Set(namesUsed(raw.routes, raw.shards));
  for (const { to } of entries.routes) for (const { backend } of to) names.add(backend);
  return { ...entries, backends: entries.backends.filter(({ name }) => names.has(name)) };
}

function* namesUsed(routes: unknown, shards: unknown): Generator<unknown> {
  for (const route of listOf(routes)) for (const target of listOf(route.to)) yield target.backend;
  for (const shard of listOf(shards))
    for (const bind of listOf(shard.binds)) yield* [bind.backend, bind.defaultBackend];
}

function listOf(value: unknown): Readonly<Record<string, unknown>>[] {
  return Array.isArray(value) ? value.filter((entry) => typeof entry === 'object' && entry !== null) : [];
}

function keep(entries: Lists, keeps: (list: List, name: string) => boolean): Lists {
  return {
    namespaces: entries.namespaces.filter(({ name }) => keeps('namespaces', name)),
    routes: entries.routes.filter(({ name }) => keeps('routes', name)),
    backends: entries.backends.filter(({ name }) => keeps('backends', name)),
  };
}

/** Undefined where the lists are none: that is an error of its own. */
function ownNames(raw: unknown): Readonly<Record<List, ReadonlySet<unknown>>> | undefined {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) return undefined;
  const root = raw as Readonly<Record<string, unknown>>;
  if (lists.some((list) => root[list] !== undefined && !Array.isArray(root[list]))) return undefined;
  const namesOf = (list: List) => new Set(listOf(root[list]).map(({ name }) => name));
  return { namespaces: namesOf('namespaces'), routes: namesOf('routes'), backends: namesOf('backends') };
}

function placed(imported: Imported, list: List, name: string, finding: Finding): Problem {
  const route =
    list === 'backends'
      ? imported.configuration.routes.find(({ to }) => to.some(({ backend }) => backend === name))?.name
      : name;
  const place = route === undefined || list === 'namespaces' ? undefined : imported.places.get(route);
  return {
    file: place?.file ?? imported.from,
    ...(place && { line: place.line }),
    path: '',
    message: safe(`${kinds[list]} ${name}: ${finding.message}`, 500),
    ...(finding.remedy !== undefined && { remedy: safe(finding.remedy, 500) }),
    imported: true,
  };
}
