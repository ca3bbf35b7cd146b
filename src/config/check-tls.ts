// What TLS needs of several places at once: keys that make no sense where they stand, files that need each other.
// Works on raw values, like all of what is in references.ts.

import { at, duplicates, type Found, isThere, items, textOf } from './found.ts';
import type { Finding } from './problem.ts';

export function checkTls(
  root: Found,
  binds: readonly Found[],
  routes: readonly Found[],
  backends: readonly Found[],
): Finding[] {
  const certificates = items(at(root, 'certificates')).map((entry) => at(entry, 'cert'));
  return [
    ...duplicates('certificate', certificates, () => 'remove one'),
    ...binds.flatMap(bindKeys),
    ...routes.flatMap(routeKeys),
    ...backends.flatMap(backendKeys),
  ];
}

/** What only a bind of mode tls has. */
function bindKeys(bind: Found): Finding[] {
  const mode = at(bind, 'mode').value;
  if (mode !== 'http' && mode !== 'tcp') return [];
  return (['minVersion', 'clientTLS'] as const)
    .map((key) => at(bind, key))
    .filter(isThere)
    .map((found) => wrong(found, `a bind of mode ${mode} ends no TLS`, 'write mode: tls, or remove it'));
}

function routeKeys(route: Found): Finding[] {
  const tls = at(route, 'tls');
  const found: Finding[] = [];
  const [certificate, policy] = [at(tls, 'certificate'), at(tls, 'insecureEdgeTerminationPolicy')];
  if (at(tls, 'termination').value === 'passthrough') {
    for (const key of ['certificate', 'key', 'ocsp'].map((name) => at(tls, name)).filter(isThere))
      found.push(
        wrong(
          key,
          'with passthrough clients see the certificate of the server',
          'remove it, or list it under certificates:',
        ),
      );
    if (isThere(at(tls, 'hsts')))
      found.push(wrong(at(tls, 'hsts'), 'with passthrough nothing can be added to answers', 'remove it'));
    if (policy.value === 'Allow')
      found.push({
        path: policy.path,
        message: 'with passthrough the servers speak TLS, so plain HTTP has nowhere to go',
        remedy: 'write None or Redirect',
      });
    if (!isThere(at(route, 'host')))
      found.push({
        path: at(tls, 'termination').path,
        message: 'passthrough needs a host: the name in the ClientHello is all that there is to choose by',
        remedy: 'add host:',
      });
    const path = at(route, 'path');
    if (isThere(path) && path.value !== '/')
      found.push({
        path: path.path,
        message: 'with passthrough the path of a request cannot be seen',
        remedy: 'remove it, or write termination: edge or reencrypt',
      });
    return found;
  }
  if (!isThere(certificate))
    for (const key of [at(tls, 'key'), at(tls, 'ocsp')].filter(isThere))
      found.push(
        wrong(key, `${String(key.path.at(-1))} is of no use without certificate`, 'add certificate:'),
      );
  else if (!isThere(at(route, 'host')))
    found.push(
      wrong(
        certificate,
        'a route of every host has no name that the certificate could be for',
        'list it under certificates:',
      ),
    );
  return found;
}

function backendKeys(backend: Found): Finding[] {
  const tls = at(backend, 'tls');
  const found: Finding[] = [];
  if (isThere(at(tls, 'key')) && !isThere(at(tls, 'certificate')))
    found.push(wrong(at(tls, 'key'), 'key is of no use without certificate', 'add certificate:'));
  for (const server of items(at(backend, 'servers'))) {
    const port = at(server, 'tlsPort');
    if (isThere(port) && textOf(at(server, 'address'))?.startsWith('unix:'))
      found.push(wrong(port, 'a unix socket has no ports', 'remove it: TLS is spoken on the same socket'));
  }
  return found;
}

export function tlsWarnings(
  root: Found,
  binds: readonly Found[],
  routes: readonly Found[],
  backends: readonly Found[],
): Finding[] {
  const secured = routes.filter((route) => isThere(at(route, 'tls')));
  const own = items(at(root, 'certificates'));
  return [
    ...bindWarnings(binds, secured, own),
    ...secured.flatMap((route) => routeWarnings(route, binds)),
    ...backends.flatMap(verifyWarnings),
  ];
}

function bindWarnings(binds: readonly Found[], secured: readonly Found[], own: readonly Found[]): Finding[] {
  const tlsBinds = binds.filter((bind) => at(bind, 'mode').value === 'tls');
  const [first] = secured;
  if (first !== undefined && tlsBinds.length === 0)
    return [
      {
        path: at(first, 'tls').path,
        atKey: true,
        message: 'there is no bind of mode tls, so nothing serves this route over TLS',
        remedy: 'add a bind, such as { listen: ":443", mode: tls }',
      },
    ];
  const usable =
    own.length > 0 ||
    secured.some(
      (route) =>
        isThere(at(route, 'tls', 'certificate')) || at(route, 'tls', 'termination').value === 'passthrough',
    );
  if (usable) return [];
  return tlsBinds.map((bind) => ({
    path: at(bind, 'mode').path,
    message: 'there is no certificate and no passthrough route: every handshake is refused',
    remedy: 'add certificates: [{ cert: FILE, key: FILE }]',
  }));
}

function routeWarnings(route: Found, binds: readonly Found[]): Finding[] {
  const tls = at(route, 'tls');
  const found: Finding[] = [];
  const [termination, authority, hsts] = [
    at(tls, 'termination').value,
    at(tls, 'destinationCACertificate'),
    at(tls, 'hsts'),
  ];
  const policy = at(tls, 'insecureEdgeTerminationPolicy');
  if (
    (policy.value === 'Allow' || policy.value === 'Redirect') &&
    binds.every((bind) => at(bind, 'mode').value !== 'http')
  )
    found.push({
      path: policy.path,
      message: `there is no bind of mode http, so there is nothing to ${policy.value === 'Allow' ? 'allow' : 'redirect'}`,
      remedy: 'add a bind, such as { listen: ":80", mode: http }, or remove it',
    });
  if (isThere(authority) && termination !== 'reencrypt')
    found.push({
      path: authority.path,
      atKey: true,
      message: `termination ${String(termination)} does not verify servers: this is used only while the route is switched to reencrypt`,
    });
  if (
    at(hsts, 'preload').value === true &&
    (at(hsts, 'includeSubDomains').value !== true || isShort(at(hsts, 'maxAge').value))
  )
    found.push({
      path: at(hsts, 'preload').path,
      atKey: true,
      message:
        'browsers take a host into their lists only with includeSubDomains and a maxAge of 365d or more',
    });
  return found;
}

function isShort(maxAge: unknown): boolean {
  const days = /^(\d+)\s?d$/.exec(String(maxAge))?.[1];
  return days === undefined ? !/^\d{8,}\s?s$/.test(String(maxAge)) : Number(days) < 365;
}

function verifyWarnings(backend: Found): Finding[] {
  const tls = at(backend, 'tls');
  const verify = at(tls, 'verify');
  if (verify.value !== 'none') return [];
  const name = textOf(at(backend, 'name')) ?? '?';
  return [
    {
      path: verify.path,
      message: `the servers of "${name}" are not verified: whoever is in between can read and change everything`,
      remedy: 'write verify: required and ca: FILE',
    },
    ...(isThere(at(tls, 'ca'))
      ? [{ path: at(tls, 'ca').path, atKey: true, message: 'ca is not used with verify: none' }]
      : []),
  ];
}

function wrong({ path }: Found, message: string, remedy: string): Finding {
  return { path, atKey: true, message, remedy };
}
