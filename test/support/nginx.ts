// A real nginx on loopback with a configuration of its own, as a server behind Sluice or as a proxy beside it.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { accepts, type Started, start } from './processes.ts';
import { type Scratch, scratch } from './scratch.ts';

export interface Nginx {
  readonly pid: number;
  readonly folder: string;
  stop(): Promise<void>;
}

export interface NginxOptions {
  /** Inside `http { … }`. */
  readonly http: string;
  /** Top level, such as `worker_processes 1;`. */
  readonly top?: string;
  /** The port that answers when it is ready. */
  readonly port: number;
  /** Files under the folder, by name. */
  readonly files?: Readonly<Record<string, string | Buffer>>;
  /** Runs it under these words, such as `taskset -c 1`. */
  readonly under?: readonly string[];
}

const streamModule = '/usr/lib/nginx/modules/ngx_stream_module.so';
export const nginxHasStream = existsSync(streamModule);

export async function startNginx(options: NginxOptions): Promise<Nginx> {
  const place: Scratch = scratch();
  mkdirSync(place.path('www'));
  for (const [name, content] of Object.entries(options.files ?? {})) {
    writeFileSync(place.path(`www/${name}`), content);
  }
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((kind) => `${kind}_temp_path ${place.path(`${kind}-temp`)};`)
    .join('\n');
  writeFileSync(
    place.path('nginx.conf'),
    `${options.top?.includes('stream {') && nginxHasStream ? `load_module ${streamModule};` : ''}
daemon off;
pid ${place.path('nginx.pid')};
error_log ${place.path('error.log')} warn;
${process.getuid?.() === 0 ? 'user root;' : ''}
${options.top ?? 'worker_processes 1;'}
events { worker_connections 16384; }
http {
  access_log off;
  keepalive_requests 100000000;
  root ${place.path('www')};
  ${temporary}
  ${options.http}
}
`,
  );
  const words = [...(options.under ?? []), 'nginx', '-p', place.folder, '-c', place.path('nginx.conf')];
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
    async stop() {
      await started.stop();
      place.remove();
    },
  };
}
