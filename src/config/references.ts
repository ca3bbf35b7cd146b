// What no single value can tell: unique names, references that lead somewhere, modes that agree, addresses that can be
// listened on together. Works on the raw values, so that it also reports what is wrong beside a wrong value.

import type { Address, BindMode } from '../domain/plan.ts';
import { addressText, overlaps, parseListen, parseServerAddress } from './addresses.ts';
import { lackOf, parseControlUrl } from './control.ts';
import type { Finding, Path } from './problem.ts';
import { serverIds } from './server-ids.ts';
import { valueAt } from './source.ts';
import { parseHost } from './values.ts';

export interface References {
  readonly errors: readonly Finding[];
  readonly warnings: readonly Finding[];
  /** As written, or as what uses it. */
  readonly modes: ReadonlyMap<string, BindMode>;
}

interface Found {
  readonly value: unknown;
  readonly path: Path;
}

const at = ({ value, path }: Found, ...steps: Path): Found => ({
  value: valueAt(value, steps),
  path: [...path, ...steps],
});
const items = ({ value, path }: Found): Found[] =>
  Array.isArray(value) ? value.map((item: unknown, index) => ({ value: item, path: [...path, index] })) : [];
const textOf = ({ value }: Found): string | undefined => (typeof value === 'string' ? value : undefined);

interface Use {
  readonly backend: Found;
  readonly mode: BindMode;
  readonly by: string;
}

export function checkReferences(raw: unknown): References {
  const root: Found = { value: raw, path: [] };
  const errors: Finding[] = [];
  const warnings: Finding[] = [];
  const shards = items(at(root, 'shards'));
  const binds = shards.flatMap((shard) => items(at(shard, 'binds')));
  const routes = items(at(root, 'routes'));
  const backends = items(at(root, 'backends'));

  if (shards.length > 1)
    errors.push({
      path: shards[1]!.path,
      message: 'more than one shard is not supported yet in this version',
      remedy: 'put all binds into the first one',
    });
  for (const shard of shards) {
    const instances = at(shard, 'instances');
    if (typeof instances.value === 'number' && instances.value > 1)
      errors.push({
        path: instances.path,
        message: 'more than one instance is not supported yet in this version',
        remedy: 'write 1, or remove it',
      });
  }

  for (const [kind, found] of [
    ['shard', shards],
    ['route', routes],
    ['backend', backends],
    ...backends.map((backend) => ['server', items(at(backend, 'servers'))] as const),
  ] as const)
    errors.push(
      ...duplicates(
        kind,
        found.map((item) => at(item, 'name')),
      ),
    );
  errors.push(
    ...duplicates(
      'bind',
      binds.map((bind) => at(bind, at(bind, 'name').value === undefined ? 'listen' : 'name')),
    ),
  );

  errors.push(
    ...bindsTogether(binds),
    ...routesTogether(routes),
    ...controlLacks(at(root, 'runtime', 'control')),
  );
  errors.push(...bindTargets(binds));

  const uses = usesOf(binds, routes);
  const modes = new Map<string, BindMode>();
  for (const backend of backends) {
    const name = textOf(at(backend, 'name'));
    const mode = at(backend, 'mode').value;
    const used = uses.find((use) => use.backend.value === name)?.mode;
    if (name !== undefined) modes.set(name, mode === 'tcp' || mode === 'http' ? mode : (used ?? 'http'));
    if (name !== undefined && used === undefined)
      warnings.push({ path: at(backend, 'name').path, message: `nothing sends to the backend "${name}"` });
    errors.push(...serverIds(at(backend, 'servers').value, at(backend, 'servers').path).findings);
    warnings.push(...sameServerTwice(items(at(backend, 'servers'))));
    const check = at(backend, 'check');
    if (at(check, 'http').value !== undefined && at(check, 'tcp').value !== undefined)
      errors.push({
        path: at(check, 'tcp').path,
        atKey: true,
        message: 'a check is either http or tcp',
        remedy: 'keep one',
      });
  }
  const known = backends.flatMap((backend) => textOf(at(backend, 'name')) ?? []);
  for (const { backend, mode, by } of uses) {
    const name = textOf(backend)!;
    const its = modes.get(name);
    if (its === undefined)
      errors.push({
        path: backend.path,
        message: `there is no backend "${name}"`,
        remedy:
          known.length > 0 ? `the backends are ${known.slice(0, 20).join(', ')}` : 'add it to backends:',
      });
    else if (its !== mode)
      errors.push({
        path: backend.path,
        message: `${by} has mode ${mode}, and the backend "${name}" has mode ${its}`,
        remedy: 'use a backend of its own for each mode',
      });
  }
  for (const backend of backends)
    if (at(backend, 'cookie').value !== undefined && modes.get(textOf(at(backend, 'name')) ?? '') === 'tcp')
      errors.push({
        path: at(backend, 'cookie').path,
        atKey: true,
        message: 'a tcp backend cannot set a cookie',
        remedy: 'use balance: { algorithm: source }',
      });

  for (const route of routes) {
    const weights = items(at(route, 'to')).map((target) => at(target, 'weight').value);
    if (weights.length > 0 && weights.every((weight) => weight === 0))
      warnings.push({ path: at(route, 'to').path, message: 'every weight is 0: the route answers 503' });
  }
  for (const bind of binds)
    if (
      at(bind, 'mode').value === 'http' &&
      routes.length === 0 &&
      at(bind, 'defaultBackend').value === undefined
    )
      warnings.push({
        path: bind.path,
        message: 'there is no route and no defaultBackend: every request is answered 503',
      });
  return { errors, warnings, modes };
}

function duplicates(kind: string, names: readonly Found[]): Finding[] {
  const seen = new Set<string>();
  return names.flatMap((name) => {
    const text = textOf(name);
    if (text === undefined || !seen.has(text)) {
      if (text !== undefined) seen.add(text);
      return [];
    }
    const remedy = kind === 'bind' && name.path.at(-1) === 'listen' ? 'remove one' : 'choose another name';
    return [{ path: name.path, message: `the ${kind} "${text}" is there twice`, remedy }];
  });
}

function bindsTogether(binds: readonly Found[]): Finding[] {
  const taken: { address: Address; written: string }[] = [];
  return binds.flatMap((bind) => {
    const listen = at(bind, 'listen');
    const written = textOf(listen);
    const address = written === undefined ? undefined : parseListen(written);
    if (!address?.ok || written === undefined) return [];
    const other = taken.find((earlier) => overlaps(earlier.address, address.value));
    taken.push({ address: address.value, written });
    // The very same text is reported as a name that is there twice, unless both have names of their own.
    if (!other || (other.written === written && at(bind, 'name').value === undefined)) return [];
    return [
      {
        path: listen.path,
        message: `${written} is already taken by the bind on ${other.written}`,
        remedy: 'choose another address or port',
      },
    ];
  });
}

function routesTogether(routes: readonly Found[]): Finding[] {
  const seen = new Map<string, string>();
  return routes.flatMap((route) => {
    const written = textOf(at(route, 'host'));
    const host = written === undefined ? '' : parseHost(written);
    const hostName = typeof host === 'string' ? host : host.ok ? host.value : written!;
    const path = at(route, 'path').value === undefined ? '/' : textOf(at(route, 'path'));
    if (path === undefined) return [];
    const key = `${hostName} ${path}`;
    const other = seen.get(key);
    if (other === undefined) {
      seen.set(key, textOf(at(route, 'name')) ?? 'an earlier one');
      return [];
    }
    const where = `${hostName === '' ? 'every host' : hostName}, path ${path}`;
    return [
      {
        path: route.path,
        message: `the route "${other}" already serves ${where}`,
        remedy: 'change host or path',
      },
    ];
  });
}

function bindTargets(binds: readonly Found[]): Finding[] {
  return binds.flatMap((bind): Finding[] => {
    const [mode, backend, defaultBackend] = (['mode', 'backend', 'defaultBackend'] as const).map((key) =>
      at(bind, key),
    );
    if (mode!.value === 'http' && backend!.value !== undefined)
      return [
        {
          path: backend!.path,
          atKey: true,
          message: 'a bind of mode http sends by routes',
          remedy: 'write defaultBackend:',
        },
      ];
    if (mode!.value !== 'tcp') return [];
    const found: Finding[] = [];
    if (defaultBackend!.value !== undefined)
      found.push({
        path: defaultBackend!.path,
        atKey: true,
        message: 'a bind of mode tcp has one backend',
        remedy: 'write backend:',
      });
    else if (backend!.value === undefined)
      found.push({
        path: bind.path,
        message: 'a bind of mode tcp needs a backend',
        remedy: 'add backend: NAME',
      });
    return found;
  });
}

function usesOf(binds: readonly Found[], routes: readonly Found[]): Use[] {
  return [
    ...binds.flatMap((bind): Use[] => {
      const mode = at(bind, 'mode').value;
      if (mode !== 'tcp' && mode !== 'http') return [];
      const by = `the bind ${textOf(at(bind, 'listen')) ?? ''}`.trim();
      return [{ backend: at(bind, mode === 'tcp' ? 'backend' : 'defaultBackend'), mode, by }];
    }),
    ...routes.flatMap((route) =>
      items(at(route, 'to')).map(
        (target): Use => ({ backend: at(target, 'backend'), mode: 'http', by: 'a route' }),
      ),
    ),
  ].filter(({ backend }) => textOf(backend) !== undefined);
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

function controlLacks(control: Found): Finding[] {
  const listen = at(control, 'listen');
  const written = Array.isArray(listen.value) ? items(listen) : [listen];
  const has = {
    tls: at(control, 'tls').value !== undefined,
    clientCa: at(control, 'tls', 'clientCa').value !== undefined,
    tokens: at(control, 'tokens').value !== undefined,
  };
  return written.flatMap((entry) => {
    const text = textOf(entry);
    const url = text === undefined ? undefined : parseControlUrl(text);
    const lack = url?.ok ? lackOf(url.value, has) : undefined;
    return lack ? [{ path: entry.path, ...lack }] : [];
  });
}
