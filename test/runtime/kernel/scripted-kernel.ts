// A kernel as the runtime sees it, without a kernel: its rules are scripted, its table keeps what it is told.
import type { Flow } from '../../../src/nft/conntrack/conntrack.ts';
import type { Kernel } from '../../../src/nft/kernel.ts';
import type { Count, SetElement } from '../../../src/nft/ruleset/ruleset.ts';
import type { PartName, TablePart } from '../../../src/nft/table/table-part.ts';
import { type ScriptedNft, scriptedNft } from './scripted-nft.ts';

export interface ScriptedKernel extends Kernel {
  readonly nft: ScriptedNft & Kernel['nft'];
  readonly parts: Map<PartName, TablePart>;
  readonly counts: Map<string, Count>;
  readonly elements: Map<string, readonly SetElement[]>;
  flows: Flow[];
  /** What was asked of table and conntrack; emptied by the test. */
  asked: string[];
  refuses: string | undefined;
}

export function scriptedKernel(): ScriptedKernel {
  const kernel: ScriptedKernel = {
    nft: Object.assign(scriptedNft(), {
      text: () => Promise.resolve(''),
      transact: () => Promise.resolve(),
    }),
    parts: new Map(),
    counts: new Map(),
    elements: new Map(),
    flows: [],
    asked: [],
    refuses: undefined,
    endWithin() {},
    conntrack: {
      usable: () => Promise.resolve({ list: true, accounting: true }),
      list() {
        kernel.asked.push('flows');
        return Promise.resolve({ flows: kernel.flows, more: false });
      },
      forget: () => Promise.resolve(false),
    },
    table: {
      get state() {
        return { state: kernel.parts.size === 0 ? ('none' as const) : ('in-force' as const) };
      },
      changes: () => () => {},
      found: () => Promise.resolve(new Map()),
      set(part, wish) {
        kernel.asked.push(`set ${part}`);
        if (kernel.refuses !== undefined) return Promise.reject(new Error(kernel.refuses));
        if (wish.chains.length === 0) kernel.parts.delete(part);
        else kernel.parts.set(part, wish);
        for (const { name } of wish.counters)
          if (!kernel.counts.has(name)) kernel.counts.set(name, { packets: 0, bytes: 0 });
        return Promise.resolve();
      },
      adopted: () => Promise.resolve(),
      look: () => Promise.resolve(),
      counters() {
        kernel.asked.push('counters');
        return Promise.resolve(new Map(kernel.counts));
      },
      elements(set) {
        kernel.asked.push(`elements ${set}`);
        return Promise.resolve(kernel.elements.get(set) ?? []);
      },
      close: () => Promise.resolve(),
    },
  };
  return kernel;
}
