// The plan of a configuration file, or every error in it and in the files it names, printed as `sluice check` prints them.
import { formatProblems } from '../config/format-problems.ts';
import { loadPlan } from '../config/load-plan.ts';
import type { LoadResult } from '../config/problem.ts';
import type { Plan } from '../domain/plan.ts';
import { withControlFiles } from './control-files.ts';
import { CliFailure } from './failure.ts';
import type { Terminal } from './terminal.ts';

/** Never rejects. */
export async function loadChecked(file: string): Promise<LoadResult> {
  return withControlFiles(file, await loadPlan(file));
}

/** @throws CliFailure `usage` */
export async function checkedPlan(terminal: Terminal, file: string): Promise<Plan> {
  const result = await loadChecked(file);
  const problems = formatProblems(result, { color: terminal.color });
  if (problems !== '') terminal.note(problems.trimEnd());
  if (!result.ok) throw new CliFailure('usage', `${file} is not right`);
  return result.plan;
}
