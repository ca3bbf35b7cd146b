// Attaches a verb to the runtime it means, and lets go again however the verb ends.
import { readFileSync, statSync } from 'node:fs';
import { userInfo } from 'node:os';
import { attach } from '../client/attach.ts';
import type { Dial } from '../client/dial.ts';
import { AttachError, type RuntimeClient } from '../client/runtime-client.ts';
import { defaultControlPath } from '../config/control.ts';
import { isLoopback, parseIp } from '../domain/ip.ts';
import { safe } from '../domain/safe.ts';
import { CliFailure } from './failure.ts';
import type { VerbContext } from './program.ts';
import { systemClock, systemRandom } from './system-clock.ts';

/** --attach, else $SLUICE_ATTACH, else this machine's own control socket. @throws CliFailure where it is no such URL */
export function runtimeUrl({ options, env }: Pick<VerbContext, 'options' | 'env'>): string {
  const url = options.attach ?? (env.SLUICE_ATTACH || `unix:${defaultControlPath(env.XDG_RUNTIME_DIR)}`);
  if (/^(unix:.|ssh:\/\/.)/.test(url)) return url;
  if (/^wss?:\/\/./.test(url) && URL.canParse(url)) return withoutSecrets(url);
  throw new CliFailure(
    'usage',
    `cannot attach to "${safe(url)}"`,
    'write unix:PATH, ws://HOST:PORT, wss://HOST:PORT or ssh://USER@HOST',
  );
}

/** A URL is seen in `ps` and kept in a shell's history. @throws CliFailure */
function withoutSecrets(url: string): string {
  const { username, password, search } = new URL(url);
  if (username === '' && password === '' && search === '') return url;
  throw new CliFailure(
    'usage',
    'the URL of a runtime holds neither a user nor a token',
    'give the token in a file: --token-file FILE',
  );
}

/** `stay`: reconnect by itself, for verbs that go on for a while. The first attempt fails at once in any case. */
export async function attached<T>(
  context: VerbContext,
  use: (client: RuntimeClient) => Promise<T>,
  { stay = false }: { readonly stay?: boolean } = {},
): Promise<T> {
  const client = await openAttachment(context, stay);
  // Between two attempts to reconnect nothing else keeps the process alive.
  const alive = setInterval(() => {}, 60_000);
  try {
    return await use(client);
  } finally {
    clearInterval(alive);
    client.close();
  }
}

export async function openAttachment(context: VerbContext, stay: boolean): Promise<RuntimeClient> {
  const url = runtimeUrl(context);
  const token = readToken(context);
  if (token !== undefined) keepFromOpenWire(url);
  const options = {
    url,
    name: 'sluice',
    version: context.version,
    user: userName(),
    // Whoever comes to another machine from here does so from here, not from where he sits.
    ...(url.startsWith('unix:') ? sshClient(context.env) : {}),
    clock: systemClock,
    random: systemRandom,
    ...(token === undefined ? {} : { token }),
    ...tlsOptions(context.options),
    ...(isSsh(url) ? { dial: await sshDial(url) } : {}),
  };
  const client = attach({ ...options, retry: stay });
  try {
    await firstAttachment(client);
  } catch (error) {
    client.close();
    throw isSsh(url) ? sshFailure(error) : error;
  }
  return client;
}

function isSsh(url: string): boolean {
  return url.startsWith('ssh:');
}

/** Loaded only where it is asked for. The far machine's own socket: a user's runtime folder there is not known here. @throws CliFailure */
async function sshDial(url: string): Promise<Dial> {
  const { createSshDial } = await import('../client/ssh-tunnel.ts');
  try {
    return createSshDial(url, defaultControlPath(undefined));
  } catch (error) {
    throw new CliFailure('usage', (error as Error).message, undefined, { cause: error });
  }
}

/** A token, which is what others need who are not permitted, is nothing to ssh. */
function sshFailure(error: unknown): unknown {
  if (!(error instanceof AttachError)) return error;
  switch (error.code) {
    case 'no-runtime':
    case 'not-permitted':
      return new CliFailure(
        error.code,
        error.message,
        'see that `ssh USER@HOST` works by itself; another control socket is named behind the host: ssh://USER@HOST/PATH',
        { cause: error },
      );
    default:
      return error;
  }
}

/** Whoever is on the way would have the token. @throws CliFailure */
function keepFromOpenWire(url: string): void {
  if (!url.startsWith('ws:')) return;
  const { hostname } = new URL(url);
  const address = parseIp(hostname.replace(/^\[(.*)\]$/, '$1'));
  if (hostname === 'localhost' || (address && isLoopback(address))) return;
  throw new CliFailure(
    'usage',
    'a token is not sent to another machine by ws://, which is not encrypted',
    'use wss://, or ssh://USER@HOST',
  );
}

/**
 * Whether anybody is there is told by the first attempt, also where later losses are healed:
 * a wrong URL is told instead of retried for ever. @throws AttachError
 */
async function firstAttachment(client: RuntimeClient): Promise<void> {
  const { promise: nobody, reject } = Promise.withResolvers<never>();
  const stop = client.attachChanges((attach) => {
    if (attach.state === 'waiting') reject(new AttachError('no-runtime', attach.reason));
  });
  try {
    await Promise.race([client.ready(), nobody]);
  } finally {
    stop();
  }
}

/** @throws CliFailure */
function tlsOptions({ ca, clientCert, clientKey }: VerbContext['options']) {
  if ((clientCert === undefined) !== (clientKey === undefined)) {
    throw new CliFailure('usage', '--client-cert and --client-key belong together');
  }
  return {
    ...(ca === undefined ? {} : { ca: readPem(ca) }),
    ...(clientCert === undefined || clientKey === undefined
      ? {}
      : { certificate: { cert: readPem(clientCert), key: readPem(clientKey) } }),
  };
}

function readPem(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new CliFailure('usage', `cannot read ${file}: ${(error as Error).message}`, undefined, {
      cause: error,
    });
  }
}

/** Whose ssh session this is, as sshd tells (sshd(8)): "CLIENT PORT SERVER PORT". */
export function sshClient({ SSH_CONNECTION }: NodeJS.ProcessEnv): { readonly ssh?: string } {
  const [client = ''] = (SSH_CONNECTION ?? '').split(' ');
  return parseIp(client) === undefined || client.length > 64 ? {} : { ssh: client };
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // A container may run under a user id that has no name.
    return `uid ${process.getuid?.() ?? '?'}`;
  }
}

/** A token is never on the command line, where `ps` would show it. @throws CliFailure */
function readToken({ options, env }: VerbContext): string | undefined {
  const file = options.tokenFile ?? env.SLUICE_TOKEN_FILE;
  if (file === undefined || file === '') return undefined;
  try {
    if ((statSync(file).mode & 0o077) !== 0) {
      throw new CliFailure('usage', `the token file ${file} can be read by others`, `chmod 600 ${file}`);
    }
    const token = readFileSync(file, 'utf8').trim();
    if (token === '') throw new CliFailure('usage', `the token file ${file} is empty`);
    return token;
  } catch (error) {
    if (error instanceof CliFailure) throw error;
    throw new CliFailure('usage', `cannot read the token file: ${(error as Error).message}`, undefined, {
      cause: error,
    });
  }
}
