// Part `block` of our table: packets of blocked addresses are dropped as they arrive, before the kernel looks whose connection they
// are of. Without a block there is nothing: no packet pays for it. Pure.

import type { Count, SetElement } from '../../ruleset/ruleset.ts';
import { commentOf } from '../object-name.ts';
import type { TablePart, WishedElement } from '../table-part.ts';

export interface BlockRule {
  /** "192.0.2.7", "198.51.100.0/24", "2001:db8::/32". */
  readonly address: string;
  /** "anna: scanning"; safe. */
  readonly comment: string;
  /** Wall clock at which the kernel lets it go. */
  readonly until?: number;
}

export const blockSets = ['block_v4', 'block_v6'] as const;

/** Before connection tracking (-200) and raw (-300): others rarely hook in earlier. */
const priority = -310;

export function blockPart(blocks: readonly BlockRule[]): TablePart {
  if (blocks.length === 0) return { counters: [], sets: [], chains: [] };
  const families = [
    { set: 'block_v4', type: 'ipv4_addr', protocol: 'ip', isOf: (text: string) => !text.includes(':') },
    { set: 'block_v6', type: 'ipv6_addr', protocol: 'ip6', isOf: (text: string) => text.includes(':') },
  ] as const;
  return {
    counters: families.map(({ set, protocol }) => ({
      name: set,
      comment: `${protocol === 'ip' ? 'IPv4' : 'IPv6'} packets of blocked addresses`,
    })),
    sets: families.map(({ set, type, isOf }) => ({
      name: set,
      type: [type],
      flags: ['interval', 'timeout'] as const,
      counted: true,
      elements: blocks.filter(({ address }) => isOf(address)).map(elementOf),
    })),
    chains: [
      {
        name: 'block_prerouting',
        base: { type: 'filter', hook: 'prerouting', priority },
        rules: families.map(({ set, protocol }) => ({
          comment: 'blocked by an operator',
          expressions: [
            {
              match: {
                op: '==',
                left: { payload: { protocol, field: 'saddr' } },
                right: `@${set}`,
              },
            },
            { counter: set },
            { drop: null },
          ],
        })),
      },
    ],
  };
}

function elementOf({ address, comment, until }: BlockRule): WishedElement {
  const [host = '', bits] = address.split('/');
  return {
    value: bits === undefined ? host : { prefix: { addr: host, len: Number(bits) } },
    comment: commentOf(comment.replaceAll('"', "'")),
    ...(until !== undefined && { until }),
  };
}

/** The other way round: an element of one of the sets as it was read. */
export function blockAddress({ value }: Pick<SetElement, 'value'>): string | undefined {
  if (typeof value === 'string') return value.toLowerCase();
  const prefix = (value as { readonly prefix?: { readonly addr?: unknown; readonly len?: unknown } } | null)
    ?.prefix;
  return typeof prefix?.addr === 'string' && typeof prefix.len === 'number'
    ? `${prefix.addr.toLowerCase()}/${prefix.len}`
    : undefined;
}

/** What was dropped of each, by address. */
export function blockCounts(elements: readonly SetElement[]): Map<string, Count> {
  const counts = new Map<string, Count>();
  for (const element of elements) {
    const address = blockAddress(element);
    if (address !== undefined && element.counter !== undefined) counts.set(address, element.counter);
  }
  return counts;
}
