// Where a dnat or redirect sends a packet: one place, or several with their shares.

import { safe } from '../../domain/safe.ts';
import type { Json } from '../json.ts';
import { fieldOf, listOf, onlyEntry } from '../json-fields.ts';
import { choiceOf } from '../ruleset/alternatives.ts';
import type { Table } from '../ruleset/ruleset.ts';
import { lookedUp, type Packet } from './packet-facts.ts';

export interface Place {
  /** "10.1.0.5:8080". */
  readonly address: string;
  readonly share: number;
}

/** Undefined: it depends on what is not known. `missing`: the share for which the map has nothing, so that the rule does nothing. */
export function placesOf(
  kind: 'dnat' | 'redirect',
  body: Json,
  packet: Packet,
  table: Table,
): { readonly places: readonly Place[]; readonly missing: number } | undefined {
  const host: Json = kind === 'redirect' ? 'this machine' : (fieldOf(body, 'addr') ?? packet.destination);
  const hosts = valuesOf(host, packet, table);
  const ports = valuesOf(fieldOf(body, 'port') ?? packet.destinationPort, packet, table);
  if (hosts === undefined || ports === undefined) return undefined;
  const places = hosts.values.flatMap((one) =>
    ports.values.map((port) => ({
      address: addressOf(one.value, port.value),
      share: one.share * port.share,
    })),
  );
  return { places, missing: 1 - (1 - hosts.missing) * (1 - ports.missing) };
}

interface Value {
  readonly value: Json;
  readonly share: number;
}

function valuesOf(
  value: Json,
  packet: Packet,
  table: Table,
): { readonly values: readonly Value[]; readonly missing: number } | undefined {
  const [kind, map] = onlyEntry(value) ?? [];
  if (kind !== 'map' || map === undefined) return { values: [{ value, share: 1 }], missing: 0 };
  const choice = choiceOf(map, table);
  if (choice !== undefined)
    return {
      values: choice.alternatives.map(({ outcome, share }) => ({ value: outcome, share })),
      missing: choice.missing,
    };
  const found = lookedUp(map, packet, table);
  if (found === undefined) return undefined;
  return found === null ? { values: [], missing: 1 } : { values: [{ value: found, share: 1 }], missing: 0 };
}

function addressOf(host: Json, port: Json): string {
  const parts = listOf(fieldOf(host, 'concat'));
  const [name, of] = (parts.length === 2 ? parts : [host, port]).map(textOf);
  return safe(name!.includes(':') ? `[${name}]:${of}` : `${name}:${of}`, 100);
}

function textOf(value: Json): string {
  if (typeof value === 'string' || typeof value === 'number') return `${value}`;
  const range = listOf(fieldOf(value, 'range'));
  return range.length === 2 ? `${String(range[0])}-${String(range[1])}` : '?';
}
