// A loaded configuration with what is wrong in the TLS files that it names, told at the lines that name them.

import { inOrder } from '../load-plan.ts';
import type { Finding, LoadResult } from '../problem.ts';
import { readSource } from '../source.ts';
import { coverageWarnings } from './coverage.ts';
import { type Reading, readTlsFiles } from './read-tls-files.ts';
import type { TlsProblem } from './tls-unit.ts';

/** Never rejects. `file`: as the result's own problems name it. */
export async function withTlsFiles(file: string, result: LoadResult, reading: Reading): Promise<LoadResult> {
  if (!result.ok) return result;
  const { problems, units } = await readTlsFiles(result.plan, reading);
  const uncovered = coverageWarnings(result.plan, units);
  if (problems.length + uncovered.length === 0) return result;
  const problem = result.locate ?? readSource(result.source, file).problem;
  const told = (severity: TlsProblem['severity']) =>
    problems.filter((found) => found.severity === severity).map((found) => problem(findingOf(found)));
  const [errors, warnings] = [told('error'), told('warning')];
  const { source } = result;
  return errors.length > 0
    ? { ok: false, errors: inOrder(errors), source }
    : {
        ...result,
        warnings: inOrder([...result.warnings, ...warnings, ...uncovered.map(problem)]),
      };
}

function findingOf({ at, file, message, remedy }: TlsProblem): Finding {
  return { path: at, message: `${file}: ${message}`, remedy };
}
