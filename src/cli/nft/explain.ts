// `sluice nft explain`: every rule in plain English, of this machine or of a file. Changes nothing.
import { safe } from '../../domain/safe.ts';
import { readRuleset } from '../../nft/ruleset/read-ruleset.ts';
import { CliFailure } from '../failure.ts';
import { jsonDocument } from '../json.ts';
import type { VerbContext } from '../program.ts';
import { chosenOf, explainedDocument, explainedLines } from './explain-lines.ts';
import { readSource } from './explain-source.ts';

export interface ExplainOptions {
  readonly table?: string;
  readonly chain?: string;
}

export async function explainRules(
  { terminal, options: { json } }: VerbContext,
  file: string | undefined,
  options: ExplainOptions,
): Promise<void> {
  const ruleset = readRuleset(await readSource(file));
  const chosen = chosenOf(ruleset, options);
  if (chosen.length === 0 && (options.table !== undefined || options.chain !== undefined)) {
    const what = [
      ...(options.table === undefined ? [] : [`table ${safe(options.table)}`]),
      ...(options.chain === undefined ? [] : [`chain ${safe(options.chain)}`]),
    ].join(', ');
    const there = ruleset.tables.slice(0, 8).map(({ family, name }) => safe(`${family} ${name}`, 60));
    throw new CliFailure(
      'refused',
      `there is no ${what}`,
      there.length === 0 ? 'the ruleset is empty' : `its tables: ${there.join(', ')}`,
    );
  }
  terminal.print(
    json === true
      ? jsonDocument(explainedDocument(chosen, ruleset))
      : explainedLines(chosen, ruleset).join('\n'),
  );
}
