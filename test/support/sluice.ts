// `sluice` as an operator starts it, for system tests: the built program, a configuration in a private folder, a control socket there.
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { run, type Started, start } from './processes.ts';
import { type Scratch, scratch } from './scratch.ts';

/** SLUICE_MAIN=src/cli/main.ts tests the sources without a build. */
export const program =
  process.env.SLUICE_MAIN ?? fileURLToPath(new URL('../../bin/sluice.js', import.meta.url));

export interface RunningSluice {
  readonly pid: number;
  readonly url: string;
  readonly place: Scratch;
  /** The program, for verbs that must be watched while they run. */
  readonly program: string;
  readonly process: Started;
  /** Runs a verb attached to this runtime. */
  verb(...args: readonly string[]): ReturnType<typeof run>;
  /** One document of a `--json` verb. */
  json(...args: readonly string[]): Promise<unknown>;
  write(yaml: string): void;
  /** Starts the runtime again on the same configuration, after `process` ended. */
  again(): Promise<RunningSluice>;
  stop(): Promise<void>;
}

export interface SluiceOptions {
  /** Must have a `runtime:` line. Without CONTROL, which stands for the unix socket's URL, `runtime.control` is filled in. */
  readonly yaml: string;
  readonly under?: readonly string[];
}

export function sluice(args: readonly string[], env: NodeJS.ProcessEnv = {}): ReturnType<typeof run> {
  return run(process.execPath, [program, ...args], { env: { ...process.env, ...env } });
}

export async function startSluice(options: SluiceOptions): Promise<RunningSluice> {
  const place = scratch();
  try {
    return await startIn(place, options.yaml, options.under ?? []);
  } catch (error) {
    place.remove();
    throw error;
  }
}

async function startIn(place: Scratch, yaml: string, under: readonly string[]): Promise<RunningSluice> {
  const url = `unix:${place.path('control.sock')}`;
  const write = (text: string) =>
    writeFileSync(
      place.path('sluice.yaml'),
      text.includes('CONTROL')
        ? text.replaceAll('CONTROL', url)
        : text.replace(/^runtime:.*$/m, (line) => `${line}\n  control: { listen: "${url}" }`),
    );
  write(yaml);
  const words = [...under, process.execPath, program, 'run', '-c', place.path('sluice.yaml')];
  const started = await start(words[0]!, words.slice(1), { ready: /^ready/m });
  const verb: RunningSluice['verb'] = (...args) => sluice([...args, '--attach', url]);
  return {
    pid: started.pid,
    url,
    place,
    program,
    process: started,
    verb,
    async json(...args) {
      const { code, stdout, output } = await verb(...args, '--json');
      if (code !== 0) throw new Error(`sluice ${args.join(' ')} exited ${code}:\n${output}`);
      return JSON.parse(stdout);
    },
    write,
    again: () => startIn(place, yaml, under),
    async stop() {
      await started.stop(15_000);
      place.remove();
    },
  };
}
