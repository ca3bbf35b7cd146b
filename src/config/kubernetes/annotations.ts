// The router's annotations of a Route (openshift/router, haproxy-config.template): what each means here, and a note on
// each that cannot be had. One that the router itself would not take is as good as absent, and told.

import type { Milliseconds } from '../../domain/plan.ts';
import { formatDuration, maxDurationMs } from '../../domain/units.ts';
import type { Located } from './located.ts';
import { keyText, type Notes, quoted } from './notes.ts';
import type { WrittenBackend, WrittenRouteTls } from './written.ts';

type Algorithm = WrittenBackend['balance']['algorithm'];

export interface RouteAnnotations {
  readonly balance?: Algorithm;
  readonly serverTimeout?: string;
  readonly tunnelTimeout?: string;
  readonly cookies: boolean;
  readonly cookieName?: string;
  readonly checkInterval?: string;
  readonly maxConnections?: number;
  readonly hsts?: WrittenRouteTls['hsts'];
  /** Who alone may come: a list of addresses and networks. */
  readonly allowlist?: Located;
}

const haproxy = 'haproxy.router.openshift.io/';
const router = 'router.openshift.io/';

const known = {
  balance: `${haproxy}balance`,
  timeout: `${haproxy}timeout`,
  tunnel: `${haproxy}timeout-tunnel`,
  disableCookies: `${haproxy}disable_cookies`,
  cookieName: `${router}cookie_name`,
  interval: `${router}haproxy.health.check.interval`,
  podConnections: `${haproxy}pod-concurrent-connections`,
  hsts: `${haproxy}hsts_header`,
  allowlist: `${haproxy}ip_allowlist`,
  whitelist: `${haproxy}ip_whitelist`,
  rateLimit: `${haproxy}rate-limit-connections`,
} as const;

const limits = ['.concurrent-tcp', '.rate-tcp', '.rate-http'].map((limit) => `${known.rateLimit}${limit}`);

/** What is lost without it. */
const unsupported: Readonly<Record<string, string>> = {
  [`${haproxy}rewrite-target`]: 'not done: servers see the path as the client wrote it',
  [`${haproxy}set-forwarded-headers`]: 'not used: X-Forwarded-… is set for each bind, by forwardedHeaders',
  [`${haproxy}h1-adjust-case`]: 'not needed: names of headers are relayed in the case that they come in',
  [`${router}pool-size`]: 'not needed: servers are added while it runs',
  [`${router}cookie-same-site`]: 'not set: browsers treat the cookie as SameSite=Lax',
};

export function readAnnotations(
  route: Located,
  termination: string | undefined,
  notes: Notes,
): RouteAnnotations {
  const annotations = route.at('metadata', 'annotations');
  const at = (key: string) => annotations.at(key);
  const refused = (found: Located, key: string, needs: string): undefined => {
    notes.add('warning', found, `${key}: ${quoted(found.value)} is not ${needs}, and not used`);
  };
  const read = <T>(key: string, needs: string, parse: (text: string) => T | undefined): T | undefined => {
    const found = at(key);
    if (found.looseText === undefined) return undefined;
    return parse(found.looseText) ?? refused(found, key, needs);
  };
  const time = (key: string) => read(key, 'a time such as 30s', (text) => timeOf(text));

  for (const key of annotations.keys) tellUnsupported(key, at(key), at(known.rateLimit), notes);
  const passthrough = termination === 'passthrough';
  const serverTimeout = time(known.timeout);
  const tunnelTimeout = time(known.tunnel);
  return definedOnly({
    balance: read(known.balance, 'roundrobin, leastconn, source or random', algorithmOf),
    // The router takes either for passthrough, where nothing is known but silence (haproxy-config.template).
    serverTimeout: passthrough ? undefined : serverTimeout,
    tunnelTimeout: passthrough ? (tunnelTimeout ?? serverTimeout) : tunnelTimeout,
    cookies: !passthrough && !isTrue(at(known.disableCookies).looseText),
    cookieName: read(known.cookieName, 'a name of letters, digits, - and _', (text) =>
      /^[a-zA-Z0-9_-]+$/.test(text) ? text : undefined,
    ),
    checkInterval: time(known.interval),
    maxConnections: read(known.podConnections, 'a number', (text) =>
      /^\+?\d{1,7}$/.test(text) && Number(text) <= 1_000_000 ? Number(text) : undefined,
    ),
    hsts: hstsOf(at(known.hsts), termination, notes),
    allowlist: [at(known.allowlist), at(known.whitelist)].find(
      // One that is no text is there all the same: somebody wanted it closed.
      ({ isThere, value }) => isThere && String(value).trim() !== '',
    ),
  });
}

function tellUnsupported(key: string, found: Located, rateLimit: Located, notes: Notes): void {
  if (!key.startsWith(haproxy) && !key.startsWith(router)) return;
  const lost = Object.hasOwn(unsupported, key) ? unsupported[key] : undefined;
  if (lost !== undefined)
    notes.add(lost.startsWith('not needed') ? 'note' : 'warning', found, `${key} is ${lost}`);
  else if (limits.includes(key)) {
    if (isTrue(rateLimit.looseText))
      notes.add('warning', found, `${key} is not enforced: there are no rate limits in this version`);
  } else if (key === known.rateLimit) {
    if (isTrue(found.looseText))
      notes.add('warning', found, `${key} is not enforced: there are no rate limits in this version`);
  } else if (!(Object.values(known) as string[]).includes(key))
    notes.add('warning', found, `the annotation ${keyText(key)} is not known, and not used`);
}

/** Go's strconv.ParseBool, which the template's isTrue is. */
function isTrue(text: string | undefined): boolean {
  return text !== undefined && ['1', 't', 'T', 'TRUE', 'true', 'True'].includes(text);
}

function algorithmOf(text: string): Algorithm | undefined {
  return (['roundrobin', 'leastconn', 'source', 'random'] as const).find((known) => known === text);
}

const units: Readonly<Record<string, Milliseconds>> = {
  us: 0.001,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** HAProxy's: without a unit it is milliseconds. Clipped to what a timer can wait, as the router clips it to HAProxy's. */
export function timeOf(text: string): string | undefined {
  const [, number, unit = 'ms'] = /^([1-9]\d*)(us|ms|s|m|h|d)?$/.exec(text) ?? [];
  if (number === undefined) return undefined;
  return formatDuration(Math.min(maxDurationMs, Math.ceil(Number(number) * units[unit]!)));
}

/** The router's pattern: "max-age=31536000;includeSubDomains;preload", in any order. */
function hstsOf(found: Located, termination: string | undefined, notes: Notes): WrittenRouteTls['hsts'] {
  const text = found.looseText;
  if (text === undefined) return undefined;
  if (termination !== 'edge' && termination !== 'reencrypt') {
    notes.add('note', found, `${known.hsts} is of no use without TLS that ends here`);
    return undefined;
  }
  const parts = text.split(';').map((part) => part.trim());
  const age = parts
    .map((part) => /^max-age="?(\d{1,10})"?$/i.exec(part)?.[1])
    .find((each) => each !== undefined);
  const has = (word: string) => parts.some((part) => part.toLowerCase() === word);
  const rest = parts.filter((part) => !/^(max-age=.*|includesubdomains|preload|)$/i.test(part));
  if (age === undefined || rest.length > 0 || Number(age) > 100 * 365 * 86_400) {
    notes.add('warning', found, `${known.hsts}: ${quoted(text)} is not understood, and not sent`);
    return undefined;
  }
  return {
    maxAge: `${Number(age)}s`,
    ...(has('includesubdomains') && { includeSubDomains: true as const }),
    ...(has('preload') && { preload: true as const }),
  };
}

export function definedOnly<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as never;
}
