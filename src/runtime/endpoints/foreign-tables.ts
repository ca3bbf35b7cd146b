// What other owners' tables (kube-proxy's, Docker's) make of servers' addresses: read, never touched, when a trace or a live
// connection is looked at, and no more than once a second.

import { networkInterfaces } from 'node:os';
import type { Clock } from '../../domain/clock.ts';
import type { Translated } from '../../domain/trace-kernel.ts';
import type { Nft } from '../../nft/process/nft.ts';
import { readRuleset } from '../../nft/ruleset/read-ruleset.ts';
import type { Ruleset } from '../../nft/ruleset/ruleset.ts';
import { tableFamily, tableName } from '../../nft/table/table-part.ts';
import { translatedBy } from './followed.ts';

/** @param address of a server: "10.96.0.1:443", "[fd00::1]:443" */
export type Translation = (address: string) => Translated | undefined;

/** Follows a connection of this machine's own to an address through a ruleset. */
type Follow = (
  ruleset: Ruleset,
  address: string,
  localAddresses: readonly string[],
) => Translated | undefined;

export interface ForeignTables {
  /** As the rules are now. Never rejects: where they cannot be read, nothing is known. */
  translation(): Promise<Translation>;
}

const keptMs = 1_000;
/** Whoever asks waits for it. */
const longestMs = 3_000;
const nothing: Translation = () => undefined;

export function createForeignTables(options: {
  readonly nft: Pick<Nft, 'usable' | 'list'>;
  readonly clock: Pick<Clock, 'now' | 'after'>;
  /** Of this machine, now. */
  readonly localAddresses: () => readonly string[];
  /** Default: as its nat chains say. */
  readonly follow?: Follow;
}): ForeignTables {
  const { nft, clock, localAddresses, follow = translatedBy } = options;
  let kept: { readonly at: number; readonly translation: Promise<Translation> } | undefined;

  async function read(): Promise<Translation> {
    const { read: readable } = await nft.usable();
    if (readable !== true) return nothing;
    const ruleset = readRuleset(await nft.list('ruleset'));
    // Ours is known without being read.
    const tables = ruleset.tables.filter(({ family, name }) => family !== tableFamily || name !== tableName);
    if (tables.length === 0) return nothing;
    const local = localAddresses();
    const known = new Map<string, Translated | undefined>();
    return (address) => {
      if (!known.has(address)) known.set(address, follow({ ...ruleset, tables }, address, local));
      return known.get(address);
    };
  }

  function within(reading: Promise<Translation>): Promise<Translation> {
    const { promise, resolve } = Promise.withResolvers<Translation>();
    const cancel = clock.after(longestMs, () => resolve(nothing));
    void reading.then(resolve, () => resolve(nothing)).finally(cancel);
    return promise;
  }

  return {
    translation() {
      if (kept === undefined || clock.now() - kept.at >= keptMs)
        kept = { at: clock.now(), translation: within(read()) };
      return kept.translation;
    },
  };
}

/** Of all interfaces that are up here. */
export const localAddresses = (): readonly string[] =>
  Object.values(networkInterfaces()).flatMap((of) => (of ?? []).map(({ address }) => address));
