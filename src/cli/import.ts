// `sluice import`: OpenShift and Kubernetes YAML → a sluice.yaml that `sluice check` accepts, and a report of what became of
// what. Nothing is written unless all of the input could be read.
import { writeFile } from 'node:fs/promises';
import { dirname, relative, resolve } from 'node:path';
import { formatProblems } from '../config/format-problems.ts';
import { configurationText } from '../config/kubernetes/configuration-text.ts';
import {
  type ContentFile,
  type FromKubernetes,
  fromKubernetes,
} from '../config/kubernetes/from-kubernetes.ts';
import { planFromText } from '../config/load-plan.ts';
import type { LoadResult } from '../config/problem.ts';
import { maxBytes } from '../config/source.ts';
import { safe } from '../domain/safe.ts';
import { CliFailure } from './failure.ts';
import { differing, exists, readInput, writeContents } from './import-files.ts';
import { leftOut, madeOf, reportLines } from './import-report.ts';
import { jsonDocument } from './json.ts';
import type { VerbContext } from './program.ts';
import { count } from './wording.ts';

export interface ImportOptions {
  readonly output?: string;
  readonly certificates?: string;
  readonly serveRestricted?: boolean;
}

/** @throws CliFailure `usage`: unreadable input. `refused`: nothing in it can be served, or a file is in the way. */
export async function importFiles(
  { terminal, options: { json, yes } }: VerbContext,
  names: readonly string[],
  { output, certificates, serveRestricted = false }: ImportOptions,
): Promise<void> {
  const input = await readInput(names);
  const folder = resolve(output === undefined ? '.' : dirname(output));
  const made = fromKubernetes(input, {
    serveRestricted,
    ...(certificates !== undefined && {
      pathOf: ({ name }) => {
        const path = resolve(certificates, name);
        // Relative paths of a configuration start at its own folder; of one that is printed nobody knows it.
        return output === undefined || resolve(certificates) === certificates ? path : relative(folder, path);
      },
    }),
  });
  const told = json === true ? [] : reportLines(made);
  const tell = () => {
    if (told.length > 0) terminal.note(told.join('\n'));
  };
  if (made.broken.length > 0) {
    tell();
    throw new CliFailure(
      'usage',
      `${made.broken.map((file) => safe(file)).join(', ')}: not readable, so nothing was written`,
    );
  }
  if (isEmpty(made)) {
    tell();
    throw new CliFailure(
      'refused',
      'there is nothing in it that could be served',
      'give what `oc get routes,services,endpointslices -A -o yaml` prints',
    );
  }
  if (made.configuration.shards.length === 0) {
    tell();
    throw new CliFailure('refused', 'none of its IngressControllers can be served, so nothing was written');
  }
  const text = configurationText(made.configuration, remarks(names, made));
  const checked = planFromText(text, { file: output ?? 'sluice.yaml', folder });
  if (!checked.ok) {
    tell();
    terminal.note(formatProblems(checked, { color: terminal.color }).trimEnd());
    throw new CliFailure(
      'refused',
      'the configuration made of it is not right, and was not written',
      Buffer.byteLength(text) > maxBytes
        ? 'have a runtime read the files as they are: runtime.watch'
        : undefined,
    );
  }
  const files = made.files.map((file) => ({ ...file, path: resolve(folder, file.path) }));
  await askToOverwrite(output, files, yes === true, terminal);
  await writeContents(files);
  if (output !== undefined) await writeFile(output, text);
  if (json === true) terminal.print(jsonDocument(documentOf(made, output, text, checked)));
  else if (output === undefined) terminal.print(text.trimEnd());
  tell();
  if (json !== true) terminal.note(summary(output, made, checked));
}

function isEmpty({ configuration, found }: FromKubernetes): boolean {
  return configuration.routes.length === 0 && (found.get('IngressController') ?? 0) === 0;
}

function remarks(names: readonly string[], made: FromKubernetes): string[] {
  return [
    `Made by sluice import of ${names.map((name) => safe(name === '-' ? 'standard input' : name)).join(', ')}: ${madeOf(made)}.`,
    ...(leftOut(made) > 0
      ? [`Left out: ${count(leftOut(made), 'object')}; sluice import tells which, and why.`]
      : []),
    'Cookies name servers in another way than the router: each client is given a server anew, once.',
    'Connections, queues and leastconn are counted in each instance; a client always reaches the same one.',
  ];
}

async function askToOverwrite(
  output: string | undefined,
  files: readonly ContentFile[],
  yes: boolean,
  terminal: VerbContext['terminal'],
): Promise<void> {
  if (yes) return;
  const inTheWay = [
    ...(output !== undefined && (await exists(output)) ? [output] : []),
    ...(await differing(files)),
  ].map((path) => safe(path));
  if (inTheWay.length === 0) return;
  const what =
    inTheWay.length > 3
      ? `${inTheWay.slice(0, 3).join(', ')} and ${inTheWay.length - 3} more`
      : inTheWay.join(', ');
  if (terminal.canAsk && (await terminal.confirm(`Overwrite ${what}?`))) return;
  throw new CliFailure('refused', `${what}: there already, and not overwritten`, 'overwrite with --yes');
}

function documentOf(
  { found, notes, files, configuration }: FromKubernetes,
  output: string | undefined,
  text: string,
  checked: LoadResult,
): object {
  return {
    found: Object.fromEntries(found),
    made: {
      shards: configuration.shards.length,
      routes: configuration.routes.length,
      backends: configuration.backends.length,
    },
    ...(output === undefined ? { configuration: text } : { output }),
    files: files.map(({ path }) => path),
    notes,
    warnings: checked.ok ? checked.warnings : [],
  };
}

function summary(output: string | undefined, made: FromKubernetes, checked: LoadResult): string {
  const warnings = checked.ok ? checked.warnings.length : 0;
  const doubts = warnings === 0 ? '' : `, of which sluice check has ${count(warnings, 'warning')}`;
  return `${output === undefined ? 'Made' : safe(output)}: ${madeOf(made)}${doubts}`;
}
