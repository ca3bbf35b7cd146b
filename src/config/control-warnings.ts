// What may be meant, and should be known: a control address that is allowed but open to more people than a socket is.

import type { ControlListen } from '../domain/plan.ts';
import type { Finding } from './problem.ts';

export function controlListenWarnings(listens: readonly ControlListen[]): Finding[] {
  const open = listens.some(
    ({ address, tls, tokens }) =>
      address.kind === 'ip' && tokens === undefined && tls?.clientCa === undefined,
  );
  if (!open) return [];
  return [
    {
      path: ['runtime', 'control', 'listen'],
      message: 'every user of this machine can operate this runtime',
      remedy: 'add tokens: FILE, or listen on a unix socket',
    },
  ];
}
