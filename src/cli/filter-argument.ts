// A filter expression given on the command line is judged here, before anybody is asked.
import { parseFilter } from '../domain/filter.ts';
import { safe } from '../domain/safe.ts';
import { CliFailure } from './failure.ts';

/** @throws CliFailure that points at the place. */
export function checkFilter(text: string): void {
  const parsed = parseFilter(text);
  if (parsed.ok) return;
  const shown = safe(text);
  const hint = parsed.remedy === undefined ? '' : `\n  ${parsed.remedy}`;
  throw new CliFailure(
    'usage',
    `the filter is not right: ${parsed.message}`,
    `${shown}\n  ${' '.repeat(Math.min(parsed.at, shown.length))}^${hint}`,
  );
}
