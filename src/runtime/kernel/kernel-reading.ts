// What the runtime reads of the kernel, wired: windows of the ruleset, counters of our own, and the samples made of them.

import type { Clock } from '../../domain/clock.ts';
import type { Plan } from '../../domain/plan.ts';
import type { Engine } from '../../engine/engine.ts';
import type { Kernel } from '../../nft/kernel.ts';
import { readRuleset } from '../../nft/ruleset/read-ruleset.ts';
import type { Count } from '../../nft/ruleset/ruleset.ts';
import type { ControlServices } from '../control/services.ts';
import type { Reading } from '../traffic.ts';
import { createCounting } from './counting.ts';
import { createKernelSampling, type KernelSampling, nothingSampled } from './kernel-sampling.ts';
import { ruleWords } from './rule-words.ts';
import { createRulesetWindows, noRulesetWindows } from './ruleset-windows.ts';

export interface KernelReading {
  readonly watchRuleset: ControlServices['watchRuleset'];
  readonly sampling: Pick<KernelSampling, 'look' | 'current'>;
  /** A plan is in force: what is counted may be something else. */
  planned(): void;
  close(): void;
}

export function createKernelReading(options: {
  readonly kernel: Kernel | undefined;
  readonly engine: Pick<Engine, 'snapshot' | 'changes'>;
  readonly clock: Clock;
  plan(): Plan;
  reading(): Reading | undefined;
  /** What was dropped of each blocked address. @throws NftError */
  blocks(): Promise<ReadonlyMap<string, Count>>;
}): KernelReading {
  const { kernel, engine, clock, plan, reading } = options;
  if (kernel === undefined) {
    const windows = noRulesetWindows(clock);
    return { watchRuleset: windows.watch, sampling: nothingSampled, planned() {}, close: windows.close };
  }
  const monotonic = (): number => performance.now();
  const windows = createRulesetWindows({
    nft: kernel.nft,
    clock,
    monotonic,
    read: readRuleset,
    words: ruleWords,
  });
  const counting = createCounting({ kernel, engine, clock, plan, inForce: () => sampling.begin() });
  const sampling = createKernelSampling({
    kernel,
    clock,
    monotonic,
    counting,
    plan,
    reading,
    blocks: options.blocks,
  });
  return {
    watchRuleset: windows.watch,
    sampling,
    planned: counting.planned,
    close() {
      windows.close();
      sampling.close();
      counting.close();
    },
  };
}
