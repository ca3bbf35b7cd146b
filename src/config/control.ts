// Where consoles attach: unix:PATH, ws:// and wss://, and what each needs to be safe. What other machines can reach
// must be encrypted and must ask who is there; a configuration that does neither is refused before anything listens.

import type { Address, ControlListen } from '../domain/plan.ts';
import { isLocal, parseListen, parseUnixPath } from './addresses.ts';
import { type Parsed, quote } from './values.ts';

export interface ControlUrl {
  readonly scheme: 'unix' | 'ws' | 'wss';
  readonly address: Address;
}

const forms = 'write unix:/PATH, ws://127.0.0.1:PORT or wss://ADDRESS:PORT';

export function parseControlUrl(text: string): Parsed<ControlUrl> {
  const [, scheme, rest = ''] = /^(unix|ws|wss):(.*)$/s.exec(text) ?? [];
  if (scheme === 'unix') {
    const path = parseUnixPath(rest);
    return path.ok ? { ok: true, value: { scheme, address: path.value } } : path;
  }
  if ((scheme === 'ws' || scheme === 'wss') && rest.startsWith('//')) {
    const address = parseListen(rest.slice(2).replace(/\/$/, ''));
    if (!address.ok) return { ...address, remedy: forms };
    return address.value.kind === 'ip'
      ? { ok: true, value: { scheme, address: address.value } }
      : { ok: false, message: `${quote(text)} is not an address`, remedy: forms };
  }
  return { ok: false, message: `${quote(text)} is not an address for consoles`, remedy: forms };
}

/** What one address lacks, given which keys stand beside it; undefined where it may listen. */
export function lackOf(
  { scheme, address }: ControlUrl,
  has: { readonly tls: boolean; readonly clientCa: boolean; readonly tokens: boolean },
): { readonly message: string; readonly remedy: string } | undefined {
  if (scheme === 'unix') return undefined;
  if (scheme === 'ws' && !isLocal(address))
    return {
      message: 'other machines can reach this address, and ws:// is not encrypted',
      remedy: 'use wss:// with tls and with tokens or tls.clientCa, or listen on 127.0.0.1',
    };
  if (scheme === 'wss' && !has.tls)
    return { message: 'wss:// needs a certificate', remedy: 'add tls: { cert: FILE, key: FILE }' };
  if (!isLocal(address) && !has.tokens && !has.clientCa)
    return {
      message: 'other machines can reach this address, and nobody is asked who they are',
      remedy: 'add tokens: FILE or tls.clientCa: FILE',
    };
  return undefined;
}

/**
 * In the user's own runtime folder where there is one, else the system's. The command line looks there too.
 * `runtimeFolder`: $XDG_RUNTIME_DIR.
 */
export function defaultControlPath(runtimeFolder: string | undefined): string {
  return `${runtimeFolder?.startsWith('/') ? runtimeFolder.replace(/\/$/, '') : '/run'}/sluice/control.sock`;
}

export interface ControlSettings {
  readonly listen?: readonly ControlUrl[] | undefined;
  readonly tls?:
    | { readonly cert: string; readonly key: string; readonly clientCa?: string | undefined }
    | undefined;
  readonly tokens?: string | undefined;
  readonly origins: readonly string[];
}

/** A unix socket is guarded by its file mode, so tls, tokens and origins concern the others only. */
export function controlListens(
  settings: ControlSettings,
  defaultPath: string,
  file: (path: string) => string,
): ControlListen[] {
  const urls = settings.listen ?? [{ scheme: 'unix', address: { kind: 'unix', path: defaultPath } }];
  const { tls, tokens, origins } = settings;
  return urls.map(({ scheme, address }) => {
    if (address.kind === 'unix') return { address: { kind: 'unix', path: file(address.path) }, origins: [] };
    return {
      address,
      ...(scheme === 'wss' && tls
        ? {
            tls: {
              cert: file(tls.cert),
              key: file(tls.key),
              ...(tls.clientCa === undefined ? {} : { clientCa: file(tls.clientCa) }),
            },
          }
        : {}),
      ...(tokens === undefined ? {} : { tokens: file(tokens) }),
      origins,
    };
  });
}
