// What binds need of each other and of where they send.

import type { Address } from '../domain/plan.ts';
import { overlaps, parseListen } from './addresses.ts';
import { at, duplicates, type Found, isThere, textOf } from './found.ts';
import type { Finding } from './problem.ts';

export function checkBinds(binds: readonly Found[]): Finding[] {
  const names = binds.map((bind) => at(bind, isThere(at(bind, 'name')) ? 'name' : 'listen'));
  const remedy = (name: Found) => {
    if (name.path.at(-1) === 'name') return 'choose another name';
    // Several binds may each take a free port, but their names must differ.
    return textOf(name)?.endsWith(':0') ? 'give it a name:' : 'remove one';
  };
  return [...duplicates('bind', names, remedy), ...bindsTogether(binds), ...bindTargets(binds)];
}

/** Where nothing is routed and no default is given. */
export function bindWarnings(binds: readonly Found[], routes: readonly Found[]): Finding[] {
  return binds
    .filter(
      (bind) =>
        ['http', 'tls'].includes(String(at(bind, 'mode').value)) &&
        routes.length === 0 &&
        !isThere(at(bind, 'defaultBackend')),
    )
    .map(({ path }) => ({
      path,
      message: 'there is no route and no defaultBackend: every request is answered 503',
    }));
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

function bindTargets(binds: readonly Found[]): Finding[] {
  return binds.flatMap((bind): Finding[] => {
    const [mode, backend, defaultBackend] = (['mode', 'backend', 'defaultBackend'] as const).map((key) =>
      at(bind, key),
    );
    if ((mode!.value === 'http' || mode!.value === 'tls') && backend!.value !== undefined)
      return [
        {
          path: backend!.path,
          atKey: true,
          message: `a bind of mode ${mode!.value} sends by routes`,
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
