// The plan of a configuration file, or every error in it and in the files it names, printed as `sluice check` prints them.
import { withTlsFiles } from '../config/certificates/with-tls-files.ts';
import { formatProblems } from '../config/format-problems.ts';
import { inOrder, loadPlan } from '../config/load-plan.ts';
import type { LoadResult } from '../config/problem.ts';
import type { Plan } from '../domain/plan.ts';
import { withControlFiles } from './control-files.ts';
import { CliFailure } from './failure.ts';
import { systemClock } from './system-clock.ts';
import type { Terminal } from './terminal.ts';

/** Never rejects. */
export async function loadChecked(file: string): Promise<LoadResult> {
  const loaded = await loadPlan(file);
  return together(
    await withControlFiles(file, loaded),
    await withTlsFiles(file, loaded, { now: systemClock.now() }),
  );
}

/** Of the same configuration: what is wrong by one or the other, each thing once. */
function together(one: LoadResult, other: LoadResult): LoadResult {
  const errors = [one, other].flatMap((result) => (result.ok ? [] : result.errors));
  if (!one.ok || !other.ok) return { ok: false, errors: inOrder(errors), source: one.source };
  return { ...one, warnings: inOrder([...one.warnings, ...other.warnings]) };
}

/** @throws CliFailure `usage` */
export async function checkedPlan(terminal: Terminal, file: string): Promise<Plan> {
  const result = await loadChecked(file);
  const problems = formatProblems(result, { color: terminal.color });
  if (problems !== '') terminal.note(problems.trimEnd());
  if (!result.ok) throw new CliFailure('usage', `${file} is not right`);
  return result.plan;
}
