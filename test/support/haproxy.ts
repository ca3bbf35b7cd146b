// A real HAProxy on loopback with a configuration of its own.
import { writeFileSync } from 'node:fs';
import { accepts, type Started, start } from './processes.ts';
import { scratch } from './scratch.ts';

export interface Haproxy {
  readonly pid: number;
  readonly folder: string;
  output(): string;
  stop(): Promise<void>;
}

export interface HaproxyOptions {
  /** Sections; `global` has its pid limits already. */
  readonly configuration: (folder: string) => string;
  readonly port: number;
  readonly under?: readonly string[];
}

export async function startHaproxy(options: HaproxyOptions): Promise<Haproxy> {
  const place = scratch();
  writeFileSync(place.path('haproxy.cfg'), options.configuration(place.folder));
  const words = [...(options.under ?? []), 'haproxy', '-db', '-f', place.path('haproxy.cfg')];
  const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` };
  let started: Started;
  try {
    started = await start(words[0]!, words.slice(1), { env, ready: () => accepts(options.port) });
  } catch (error) {
    place.remove();
    throw error;
  }
  return {
    pid: started.pid,
    folder: place.folder,
    output: started.output,
    async stop() {
      await started.stop();
      place.remove();
    },
  };
}
