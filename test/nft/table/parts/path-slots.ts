// What a draw of part `path` comes to: how it is made, how many slots each target has, and how many in a row at most.
import type { Expression } from '../../../../src/nft/json.ts';

interface Vmap {
  readonly key: {
    readonly numgen?: { readonly mode: string; readonly mod: number };
    readonly jhash?: { readonly mod: number };
  };
  readonly data: {
    readonly set: readonly (readonly [number | { readonly range: readonly [number, number] }, unknown])[];
  };
}

export function createSlotCount(rules: readonly (readonly Expression[])[]) {
  const { vmap } = rules[0]!.at(-1) as unknown as { readonly vmap: Vmap };
  const counts = new Map<string, number>();
  let longest = 0;
  for (const [slot, to] of vmap.data.set) {
    const count = typeof slot === 'number' ? 1 : slot.range[1] - slot.range[0] + 1;
    const name = JSON.stringify(to);
    counts.set(name, (counts.get(name) ?? 0) + count);
    longest = Math.max(longest, count);
  }
  const { numgen, jhash } = vmap.key;
  const slots = [...counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, count]) => count);
  return { mode: numgen?.mode ?? 'hash', mod: (numgen ?? jhash)!.mod, slots, longest };
}
