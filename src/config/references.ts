// What no single value can tell: unique names, references that lead somewhere, modes that agree, addresses that can be
// listened on together. Works on the raw values, so that it also reports what is wrong beside a wrong value.

import type { Mode } from '../domain/plan.ts';
import { backendWarnings, checkBackends, checkUses, modesOf, type Use } from './check-backends.ts';
import { bindWarnings, checkBinds } from './check-binds.ts';
import { checkKernelPaths } from './check-kernel-paths.ts';
import { checkRoutes, routeWarnings } from './check-routes.ts';
import { checkServices } from './check-services.ts';
import { checkShards, shardFigureWarnings } from './check-shards.ts';
import { checkTls, tlsWarnings } from './check-tls.ts';
import { lackOf, parseControlUrl } from './control.ts';
import { at, type Found, isThere, items, textOf } from './found.ts';
import type { Finding } from './problem.ts';

export interface References {
  readonly errors: readonly Finding[];
  readonly warnings: readonly Finding[];
  /** As written, or as what uses it. */
  readonly modes: ReadonlyMap<string, Mode>;
}

export function checkReferences(raw: unknown): References {
  const root: Found = { value: raw, path: [] };
  const shards = items(at(root, 'shards'));
  const binds = shards.flatMap((shard) => items(at(shard, 'binds')));
  const routes = items(at(root, 'routes'));
  const backends = items(at(root, 'backends'));
  const uses = usesOf(binds, routes);
  const modes = modesOf(backends, uses);
  return {
    modes,
    errors: [
      ...controlLacks(at(root, 'runtime', 'control')),
      ...checkShards(shards, items(at(root, 'namespaces'))),
      ...checkBinds(binds),
      ...checkKernelPaths(binds, backends),
      ...checkRoutes(routes),
      ...checkBackends(backends, modes),
      ...checkServices(backends, binds),
      ...checkUses(uses, modes),
      ...checkTls(root, binds, routes, backends),
    ],
    warnings: [
      ...shardFigureWarnings(shards),
      ...bindWarnings(binds, routes),
      ...routeWarnings(routes),
      ...backendWarnings(backends, uses),
      ...tlsWarnings(root, binds, routes, backends),
    ],
  };
}

function usesOf(binds: readonly Found[], routes: readonly Found[]): Use[] {
  return [
    ...binds.flatMap((bind): Use[] => {
      const mode = at(bind, 'mode').value;
      if (mode !== 'tcp' && mode !== 'http' && mode !== 'tls') return [];
      const by = `the bind ${textOf(at(bind, 'listen')) ?? ''}`.trim();
      const relayed = mode === 'tcp' ? 'tcp' : 'http';
      return [{ backend: at(bind, mode === 'tcp' ? 'backend' : 'defaultBackend'), mode: relayed, by }];
    }),
    ...routes.flatMap((route) =>
      items(at(route, 'to')).map(
        (target): Use => ({
          backend: at(target, 'backend'),
          mode: at(route, 'tls', 'termination').value === 'passthrough' ? undefined : 'http',
          by: 'a route',
        }),
      ),
    ),
  ].filter(({ backend }) => textOf(backend) !== undefined);
}

function controlLacks(control: Found): Finding[] {
  const listen = at(control, 'listen');
  const written = Array.isArray(listen.value) ? items(listen) : [listen];
  const has = {
    tls: isThere(at(control, 'tls')),
    clientCa: isThere(at(control, 'tls', 'clientCa')),
    tokens: isThere(at(control, 'tokens')),
  };
  return written.flatMap((entry) => {
    const text = textOf(entry);
    const url = text === undefined ? undefined : parseControlUrl(text);
    const lack = url?.ok ? lackOf(url.value, has) : undefined;
    return lack ? [{ path: entry.path, ...lack }] : [];
  });
}
