// What backends need of their servers, and of what sends to them.

import { addressText } from '../domain/address-text.ts';
import type { Mode } from '../domain/plan.ts';
import { parseServerAddress } from './addresses.ts';
import { at, duplicates, type Found, isThere, items, textOf } from './found.ts';
import type { Finding } from './problem.ts';
import { serverIds } from './server-ids.ts';

/** A place that names a backend. */
export interface Use {
  readonly backend: Found;
  /** Undefined: passthrough goes to either. */
  readonly mode: Mode | undefined;
  readonly by: string;
}

export function checkBackends(backends: readonly Found[], modes: ReadonlyMap<string, Mode>): Finding[] {
  const names = backends.map((backend) => at(backend, 'name'));
  return [
    ...duplicates('backend', names),
    ...backends.flatMap((backend) => checkBackend(backend, modes.get(textOf(at(backend, 'name')) ?? ''))),
  ];
}

function checkBackend(backend: Found, mode: Mode | undefined): Finding[] {
  const servers = at(backend, 'servers');
  const names = items(servers).map((server) => at(server, 'name'));
  const findings = [...duplicates('server', names), ...serverIds(servers.value, servers.path).findings];
  const tcpCheck = at(backend, 'check', 'tcp');
  if (isThere(tcpCheck) && isThere(at(backend, 'check', 'http')))
    findings.push({
      path: tcpCheck.path,
      atKey: true,
      message: 'a check is either http or tcp',
      remedy: 'keep one',
    });
  const cookie = at(backend, 'cookie');
  if (mode === 'tcp' && isThere(cookie))
    findings.push({
      path: cookie.path,
      atKey: true,
      message: 'a tcp backend cannot set a cookie',
      remedy: 'use balance: { algorithm: source }',
    });
  return findings;
}

export function backendWarnings(backends: readonly Found[], uses: readonly Use[]): Finding[] {
  const used = new Set(uses.map(({ backend }) => backend.value));
  return backends.flatMap((backend): Finding[] => {
    const name = at(backend, 'name');
    const unused = isThere(name) && !used.has(name.value);
    return [
      ...(unused
        ? [{ path: name.path, message: `nothing sends to the backend "${textOf(name) ?? ''}"` }]
        : []),
      ...noServers(backend),
      ...sameServerTwice(items(at(backend, 'servers'))),
    ];
  });
}

function noServers(backend: Found): Finding[] {
  const servers = at(backend, 'servers');
  return Array.isArray(servers.value) && servers.value.length === 0
    ? [{ path: servers.path, message: 'there is no server: what is sent here is answered 503' }]
    : [];
}

/** As written; else as the first that sends there; else http. */
export function modesOf(backends: readonly Found[], uses: readonly Use[]): Map<string, Mode> {
  const first = new Map<unknown, Mode>();
  for (const { backend, mode } of uses)
    if (mode !== undefined && !first.has(backend.value)) first.set(backend.value, mode);
  return new Map(
    backends.flatMap((backend): [string, Mode][] => {
      const name = textOf(at(backend, 'name'));
      const mode = at(backend, 'mode').value;
      if (name === undefined) return [];
      return [[name, mode === 'tcp' || mode === 'http' ? mode : (first.get(name) ?? 'http')]];
    }),
  );
}

/** Does every use lead to a backend of its own mode? */
export function checkUses(uses: readonly Use[], modes: ReadonlyMap<string, Mode>): Finding[] {
  const known = [...modes.keys()].slice(0, 20).join(', ');
  return uses.flatMap(({ backend, mode, by }): Finding[] => {
    const { path } = backend;
    const name = textOf(backend) ?? '';
    const its = modes.get(name);
    if (its === undefined)
      return [
        {
          path,
          message: `there is no backend "${name}"`,
          remedy: known === '' ? 'add it to backends:' : `the backends are ${known}`,
        },
      ];
    if (mode === undefined || its === mode) return [];
    const message = `${by} has mode ${mode}, and the backend "${name}" has mode ${its}`;
    return [{ path, message, remedy: 'use a backend of its own for each mode' }];
  });
}

function sameServerTwice(servers: readonly Found[]): Finding[] {
  const seen = new Map<string, string>();
  return servers.flatMap((server) => {
    const written = textOf(at(server, 'address'));
    const address = written === undefined ? undefined : parseServerAddress(written);
    if (!address?.ok) return [];
    const text = addressText(address.value);
    const other = seen.get(text);
    if (other === undefined) seen.set(text, textOf(at(server, 'name')) ?? 'an earlier one');
    return other === undefined
      ? []
      : [{ path: at(server, 'address').path, message: `the server "${other}" has the same address` }];
  });
}
