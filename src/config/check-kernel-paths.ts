// What `path: kernel` asks of a bind and of its backend.

import { isLoopback, parseIp } from '../domain/ip.ts';
import { parseListen } from './addresses.ts';
import { at, type Found, isThere, textOf } from './found.ts';
import type { Finding } from './problem.ts';

export function checkKernelPaths(binds: readonly Found[], backends: readonly Found[]): Finding[] {
  return binds.flatMap((bind) => {
    const path = at(bind, 'path');
    if (path.value !== 'kernel') return withoutKernel(bind);
    const mode = at(bind, 'mode').value;
    if (mode === 'http' || mode === 'tls')
      return [
        {
          path: path.path,
          message: `is for binds of mode tcp: the kernel reads no ${mode === 'http' ? 'HTTP' : 'ClientHello'}`,
          remedy: 'remove it, or write mode: tcp with a backend:',
        },
      ];
    return [...listens(bind), ...balances(bind, backends)];
  });
}

function withoutKernel(bind: Found): Finding[] {
  return (['masquerade', 'fallback'] as const).flatMap((key) => {
    const found = at(bind, key);
    return isThere(found)
      ? [
          {
            path: found.path,
            atKey: true,
            message: 'is for binds with path: kernel',
            remedy: 'add path: kernel, or remove it',
          },
        ]
      : [];
  });
}

function listens(bind: Found): Finding[] {
  const listen = at(bind, 'listen');
  const written = textOf(listen);
  const parsed = written === undefined ? undefined : parseListen(written);
  if (!parsed?.ok) return [];
  const address = parsed.value;
  if (address.kind === 'unix')
    return [
      {
        path: listen.path,
        message: 'the kernel sends nothing on from a unix socket',
        remedy: 'write an address with a port, or remove path: kernel',
      },
    ];
  const bytes = parseIp(address.host);
  if (bytes !== undefined && isLoopback(bytes))
    return [
      {
        path: listen.path,
        message: 'the kernel sends nothing on from loopback',
        remedy: 'write an address that clients reach, or remove path: kernel',
      },
    ];
  if (address.port === 0 && at(bind, 'fallback').value === 'none')
    return [
      {
        path: listen.path,
        message: 'nobody listens with fallback: none, so no free port is found',
        remedy: 'write a port',
      },
    ];
  return [];
}

function balances(bind: Found, backends: readonly Found[]): Finding[] {
  const name = textOf(at(bind, 'backend'));
  const backend = backends.find((each) => textOf(at(each, 'name')) === name);
  if (backend === undefined) return [];
  const algorithm = at(backend, 'balance', 'algorithm');
  return algorithm.value === 'leastconn'
    ? [
        {
          path: algorithm.path,
          message: `the kernel cannot balance by leastconn, and sends the clients of bind ${textOf(at(bind, 'name')) ?? textOf(at(bind, 'listen')) ?? ''} here`,
          remedy: 'write roundrobin, random or source',
        },
      ]
    : [];
}
