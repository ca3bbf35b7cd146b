// The plan of a configuration file, or every error in it and in the files it names, printed as `sluice check` prints them.
import { dirname, resolve } from 'node:path';
import { defaultControlPath } from '../config/control.ts';
import { formatProblems } from '../config/format-problems.ts';
import type { LoadResult } from '../config/problem.ts';
import type { Plan } from '../domain/plan.ts';
import { createPlanSource, type PlanSource } from '../runtime/watch/plan-source.ts';
import { withControlFiles } from './control-files.ts';
import { importedFolder } from './engine-folder.ts';
import { CliFailure } from './failure.ts';
import { systemClock } from './system-clock.ts';
import type { Terminal } from './terminal.ts';

/** What a configuration's plans come from, the folder that it watches included. `keepsFiles`: they are to be run. */
export function planSource(file: string, keepsFiles: boolean): PlanSource {
  const runFolder = dirname(defaultControlPath(process.env.XDG_RUNTIME_DIR));
  return createPlanSource({
    file,
    filesFolder: (control) => importedFolder(control, resolve(file), runFolder),
    keepsFiles,
    now: () => systemClock.now(),
    runtimeFolder: process.env.XDG_RUNTIME_DIR,
  });
}

/** Never rejects. */
export async function loadChecked(
  file: string,
  source: PlanSource = planSource(file, false),
): Promise<LoadResult> {
  return source.load(undefined, (loaded) => withControlFiles(file, loaded));
}

/** @throws CliFailure `usage` */
export async function checkedPlan(terminal: Terminal, file: string, source?: PlanSource): Promise<Plan> {
  const result = await loadChecked(file, source);
  const problems = formatProblems(result, { color: terminal.color });
  if (problems !== '') terminal.note(problems.trimEnd());
  if (!result.ok) throw new CliFailure('usage', `${file} is not right`);
  return result.plan;
}
