// `sluice nft explain`.
import { readRuleset } from '../../nft/ruleset/read-ruleset.ts';
import type { VerbContext } from '../program.ts';

export interface ExplainOptions {
  readonly table?: string;
  readonly chain?: string;
}

export async function explainRules(
  _context: VerbContext,
  _file: string | undefined,
  _options: ExplainOptions,
): Promise<void> {
  readRuleset([]);
}
