// Every file that a plan's TLS names, read and judged: what of them can be put in force, and all that is wrong at once.

import type { Plan } from '../../domain/plan.ts';
import type { TlsFile } from '../../domain/tls.ts';
import { readAuthorities } from './read-authorities.ts';
import { type ReadFile, readTlsFile } from './read-file.ts';
import { readOcsp } from './read-ocsp.ts';
import { readPair } from './read-pair.ts';
import { tlsPlaces } from './tls-places.ts';
import { materialFiles, type TlsProblem, type TlsUnit } from './tls-unit.ts';

export interface TlsFiles {
  readonly units: readonly TlsUnit[];
  /** Of the units without an error. */
  readonly files: readonly TlsFile[];
  /** Errors and warnings, in the order of the units. */
  readonly problems: readonly TlsProblem[];
}

export interface Reading {
  readonly read?: ReadFile;
  /** Wall clock. */
  readonly now: number;
}

/** Never rejects. */
export async function readTlsFiles(plan: Plan, { read = readTlsFile, now }: Reading): Promise<TlsFiles> {
  const places = tlsPlaces(plan);
  const pairs = await someAtATime(places.pairs, (place) => readPair(place, read, now));
  const leafOf = (cert: string) => pairs.find(({ paths }) => paths[0] === cert)?.leaf;
  const units = [
    ...pairs,
    ...(await someAtATime(places.authorities, (place) => readAuthorities(place, read, now))),
    ...(await someAtATime(places.responses, (place) => readOcsp(place, leafOf(place.cert), read, now))),
  ];
  return {
    units,
    files: materialFiles(units),
    problems: units.flatMap(({ problems }) => problems),
  };
}

/** A plan may name a thousand files, and a process may have fewer open. */
async function someAtATime<T, R>(entries: readonly T[], run: (entry: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let from = 0; from < entries.length; from += 16)
    results.push(...(await Promise.all(entries.slice(from, from + 16).map(run))));
  return results;
}
