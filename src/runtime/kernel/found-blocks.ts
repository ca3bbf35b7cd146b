// What an earlier runtime left in the sets of the blocklist, as blocks. All that is known of one is in its element.

import { parseBlock } from '../../domain/block.ts';
import type { BlockEntity } from '../../domain/kernel.ts';
import { safe } from '../../domain/safe.ts';
import type { SetElement } from '../../nft/ruleset/ruleset.ts';
import { blockAddress, blockSets } from '../../nft/table/parts/block-part.ts';

export function foundBlocks(
  found: ReadonlyMap<string, readonly SetElement[]>,
  now: number,
): readonly BlockEntity[] {
  return blockSets.flatMap((set) =>
    (found.get(set) ?? []).flatMap((element): BlockEntity[] => {
      const address = blockAddress(element);
      const parsed = address === undefined ? undefined : parseBlock(address);
      if (!parsed?.ok) return [];
      const { timeoutMs, expiresMs, comment = '' } = element;
      const left = expiresMs ?? timeoutMs;
      if (left !== undefined && left <= 0) return [];
      return [
        {
          address: parsed.address,
          ...whoAndWhy(comment),
          at: now - (timeoutMs ?? 0) + (left ?? 0),
          ...(left !== undefined && { until: now + left }),
        },
      ];
    }),
  );
}

/** "anna: scanning", "anna". */
function whoAndWhy(comment: string): { readonly by: string; readonly why: string } {
  const text = safe(comment, 200);
  const colon = text.indexOf(': ');
  if (colon < 0) return { by: text === '' ? 'an earlier runtime' : text, why: '' };
  return { by: text.slice(0, colon), why: text.slice(colon + 2) };
}
