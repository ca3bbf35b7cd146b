// Our table as the kernel has it: what an earlier runtime left, or somebody else made of it. What is not of a kind that parts
// have is not read: it goes with the table.

import type { Json, JsonObject } from '../json.ts';
import { isObject, textsOf } from '../json-fields.ts';
import { type Nft, NftError } from '../process/nft.ts';
import type { Count, SetElement } from '../ruleset/ruleset.ts';
import { type ChainContent, elementKey, type SetContent, type TableContent } from './table-content.ts';
import { tableFamily, tableName, type WishedChain } from './table-part.ts';

export interface OwnTableRead {
  readonly handle: number;
  readonly content: TableContent;
  readonly elements: ReadonlyMap<string, readonly SetElement[]>;
  readonly counts: ReadonlyMap<string, Count>;
  /** Rules by chain. */
  readonly rules: ReadonlyMap<string, number>;
}

/** Undefined where there is no such table. @throws NftError */
export async function readOwnTable(nft: Nft, now: () => number): Promise<OwnTableRead | undefined> {
  try {
    return ownTableOf(await nft.list('table', tableFamily, tableName), now());
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

/** The table, a set or a chain in it is not there. */
export function isAbsent(error: unknown): boolean {
  return (
    error instanceof NftError &&
    error.code === 'refused' &&
    /no such file or directory|does not exist/i.test(error.message)
  );
}

export function ownTableOf(objects: readonly Json[], now: number): OwnTableRead {
  let handle = 0;
  const counters = new Map<string, string>();
  const counts = new Map<string, Count>();
  const sets = new Map<string, SetContent>();
  const elements = new Map<string, readonly SetElement[]>();
  const chains = new Map<string, ChainContent>();
  const rules = new Map<string, number>();
  for (const object of objects) {
    if (!isObject(object)) continue;
    const [kind, body] = Object.entries(object)[0] ?? [];
    if (!isObject(body)) continue;
    const name = textOf(body.name);
    if (kind === 'table') handle = numberOf(body.handle) ?? 0;
    else if (kind === 'counter') {
      counters.set(name, textOf(body.comment));
      counts.set(name, countOf(body) ?? { packets: 0, bytes: 0 });
    } else if (kind === 'set' || kind === 'map') {
      const read = elementsOf(body.elem, kind === 'map');
      elements.set(name, read);
      sets.set(name, setOf(name, body, read, now));
    } else if (kind === 'chain') {
      const base = baseOf(body);
      chains.set(name, { ...(base && { base }), rules: [], text: '' });
    } else if (kind === 'rule') {
      const chain = textOf(body.chain);
      rules.set(chain, (rules.get(chain) ?? 0) + 1);
    }
  }
  return { handle, content: { counters, sets, chains }, elements, counts, rules };
}

function setOf(name: string, body: JsonObject, read: readonly SetElement[], now: number): SetContent {
  const to = textsOf(body.map).join(' . ');
  return {
    spec: {
      name,
      type: textsOf(body.type),
      ...(to !== '' && { to }),
      flags: textsOf(body.flags).filter((flag) => flag === 'interval' || flag === 'timeout'),
      counted: Array.isArray(body.stmt) && body.stmt.some((one: Json) => isObject(one) && 'counter' in one),
    },
    elements: new Map(
      read.map(({ value, data, comment, timeoutMs, expiresMs }) => [
        elementKey(value),
        {
          value,
          ...(data !== undefined && { data }),
          ...(comment !== undefined && { comment }),
          ...(timeoutMs !== undefined && { until: now + (expiresMs ?? timeoutMs) }),
        },
      ]),
    ),
  };
}

/** As nft lists them: bare, or as an object "elem" around what there is beside the value. */
export function elementsOf(listed: Json | undefined, isMap: boolean): readonly SetElement[] {
  if (!Array.isArray(listed)) return [];
  return listed.map((entry: Json): SetElement => {
    const [key, data] = isMap && Array.isArray(entry) ? [entry[0] ?? null, entry[1]] : [entry, undefined];
    const aroundKey = isObject(key) && isObject(key.elem) ? key.elem : undefined;
    const timeout = numberOf(aroundKey?.timeout);
    const expires = numberOf(aroundKey?.expires);
    const counter = isObject(aroundKey?.counter) ? countOf(aroundKey.counter) : undefined;
    return {
      value: aroundKey === undefined ? key : (aroundKey.val ?? null),
      ...(data !== undefined && { data }),
      ...(timeout !== undefined && { timeoutMs: timeout * 1_000 }),
      ...(expires !== undefined && { expiresMs: expires * 1_000 }),
      ...(typeof aroundKey?.comment === 'string' && { comment: aroundKey.comment }),
      ...(counter && { counter }),
    };
  });
}

function baseOf({ type, hook, prio }: JsonObject): WishedChain['base'] {
  const priority = numberOf(prio);
  if (typeof type !== 'string' || typeof hook !== 'string' || priority === undefined) return undefined;
  // Whatever it is: it is compared with what is wished, and told of to nobody.
  return { type, hook, priority } as NonNullable<WishedChain['base']>;
}

function countOf({ packets, bytes }: JsonObject): Count | undefined {
  const counted = { packets: numberOf(packets), bytes: numberOf(bytes) };
  return counted.packets === undefined || counted.bytes === undefined
    ? undefined
    : { packets: counted.packets, bytes: counted.bytes };
}

const textOf = (value: Json | undefined): string => (typeof value === 'string' ? value : '');
const numberOf = (value: Json | undefined): number | undefined =>
  typeof value === 'number' ? value : undefined;
