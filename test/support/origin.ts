// Starts origin processes for scenarios, and reads what they saw.
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Started, start } from './processes.ts';

const program = fileURLToPath(new URL('./origin-main.ts', import.meta.url));

export interface Origin {
  readonly name: string;
  readonly port: number;
  /** Where it speaks TLS, when it was given a certificate. */
  readonly tlsPort?: number;
  readonly process: Started;
}

export async function startOrigin(
  name: string,
  postLog: string,
  port = 0,
  tls?: { readonly cert: string; readonly key: string },
): Promise<Origin> {
  const files = tls === undefined ? [] : [tls.cert, tls.key];
  const started = await start(process.execPath, [program, name, postLog, String(port), ...files], {
    ready: /^listening [\d ]+$/m,
    stdin: 'pipe',
  });
  const [plain, secure] = /listening ([\d ]+)/.exec(started.stdout())![1]!.split(' ').map(Number);
  return { name, port: plain!, ...(secure === undefined ? {} : { tlsPort: secure }), process: started };
}

/** Ids of POSTs that reached a server more than once, and how many reached any. */
export function postsSeen(postLog: string): { readonly total: number; readonly twice: readonly string[] } {
  const lines = existsSync(postLog) ? readFileSync(postLog, 'utf8').split('\n').filter(Boolean) : [];
  const seen = new Set<string>();
  const twice: string[] = [];
  for (const line of lines) {
    const id = line.split(' ')[1]!;
    if (seen.has(id)) twice.push(id);
    seen.add(id);
  }
  return { total: lines.length, twice };
}
