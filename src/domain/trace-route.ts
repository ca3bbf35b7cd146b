// The middle of a trace: what the ClientHello decides, which route the request is for, and why none of the others. As
// proxy/tls/tls-session.ts and proxy/http/request-routing.ts do it, with the same tables.

import { namesCover } from './certificate-choice.ts';
import type { Route } from './plan.ts';
import { safe } from './safe.ts';
import { isSelective, selectorText } from './selector.ts';
import type { Termination } from './tls.ts';
import type { TraceFacts, TraceStep } from './trace.ts';
import type { Entrance, TraceEnd } from './trace-entrance.ts';
import type { Asked } from './trace-question.ts';
import { routesBesides } from './trace-rivals.ts';

/** What is known of the way once it is decided. */
export interface Way {
  /** Undefined: the bind's own backend. */
  readonly route: Route | undefined;
  /** How it is carried; undefined without TLS. */
  readonly termination: Termination | undefined;
}

type Decided = { readonly step: TraceStep } & ({ readonly way: Way } | { readonly end: TraceEnd });

export function terminationIn(route: Route | undefined, facts: TraceFacts): Termination | undefined {
  return route?.tls && (facts.terminationOf(route.name) ?? route.tls.termination);
}

/** What the ClientHello decides. */
export function tlsStep({ bind, tables }: Entrance, { sni }: Asked, facts: TraceFacts): Decided {
  const route = tables.bySni(sni);
  const termination = terminationIn(route, facts);
  const named = sni === undefined ? 'the client sends no server name' : `SNI ${safe(sni, 100)}`;
  if (route !== undefined && termination === 'passthrough') {
    const why = `${named} is route ${route.name}'s, ${modeText(route, termination)}: bytes go to its servers as they come`;
    return { step: { what: 'tls', chosen: termination, why, others: [] }, way: { route, termination } };
  }
  const certificate = facts.certificateOf(sni, route?.name ?? '');
  if (certificate === undefined) {
    const why =
      sni === undefined
        ? 'the client sends no server name, and there is no default certificate'
        : `no route passes ${safe(sni, 100)} through, and no certificate is for it`;
    const text = `the handshake is refused (unrecognized_name): ${why}`;
    return { step: { what: 'tls', why, others: [] }, end: { text, ok: false } };
  }
  const whose =
    route === undefined || termination === undefined
      ? `${named} is no route's`
      : `${named} is route ${route.name}'s, ${modeText(route, termination)}`;
  const unnamed = sni !== undefined && !namesCover(certificate.names, sni);
  const shown = `${certificate.key}${unnamed ? `, which does not name it (${safe(certificate.names.join(', '), 100)})` : ''}`;
  const asksToo =
    bind.tls?.clientTLS?.clientCertificatePolicy === 'Required'
      ? '; the client must show a certificate, too'
      : '';
  return {
    step: {
      what: 'tls',
      chosen: termination ?? 'ended here',
      why: `${whose}: TLS ends here, with certificate ${safe(shown, 300)}${asksToo}`,
      others: [],
    },
    way: { route, termination },
  };
}

function modeText({ tls }: Route, termination: Termination): string {
  const switched = tls !== undefined && tls.termination !== termination;
  return `whose TLS mode is ${termination}${switched ? ` (configured: ${tls.termination})` : ''}`;
}

/** Of a bind of mode http or tls. @param hello what the ClientHello decided; undefined: plain HTTP */
export function routeStep(
  entrance: Entrance,
  asked: Asked,
  facts: TraceFacts,
  hello: Way | undefined,
): Decided {
  if (hello?.termination === 'passthrough') {
    const why = 'the ClientHello decides, and shows nothing but its server name: no path is looked at';
    return { step: chosenStep(hello.route!, why, entrance, asked, facts, 'passthrough'), way: hello };
  }
  return hello === undefined ? plainRoute(entrance, asked, facts) : securedRoute(entrance, asked, facts);
}

function plainRoute(entrance: Entrance, asked: Asked, facts: TraceFacts): Decided {
  const { host, target } = asked;
  const closest = entrance.tables.redirects?.match(host, target);
  if (closest?.tls?.insecureEdgeTerminationPolicy === 'Redirect') {
    const location = redirectLocation(entrance, asked, facts);
    const why = `${matchText(closest, asked)}; plain HTTP is sent to TLS (insecureEdgeTerminationPolicy Redirect)`;
    return {
      step: chosenStep(closest, why, entrance, asked, facts, 'http'),
      end: { text: `${closest.name}: 302 to ${location}`, ok: true },
    };
  }
  const route = entrance.tables.insecure.match(host, target);
  const termination = terminationIn(route, facts);
  // Its server speaks TLS with the client, or not at all.
  if (route === undefined || termination === 'passthrough') return noRoute(entrance, asked, facts, 'http');
  return {
    step: chosenStep(route, matchText(route, asked), entrance, asked, facts, 'http'),
    way: { route, termination },
  };
}

function securedRoute(entrance: Entrance, asked: Asked, facts: TraceFacts): Decided {
  const route = entrance.tables.secure.match(asked.host, asked.target);
  if (route === undefined) return noRoute(entrance, asked, facts, 'tls');
  const termination = terminationIn(route, facts);
  if (termination === 'passthrough') {
    const why = `${safe(asked.host, 100)} is passed through by route ${route.name}, but this connection is one whose TLS ends here`;
    return {
      step: { what: 'route', why, others: routesBesides(undefined, entrance, asked, facts, 'tls') },
      end: { text: `421: ${why}`, ok: false },
    };
  }
  return {
    step: chosenStep(route, matchText(route, asked), entrance, asked, facts, 'tls'),
    way: { route, termination },
  };
}

function noRoute(entrance: Entrance, asked: Asked, facts: TraceFacts, kind: 'http' | 'tls'): Decided {
  const { bind, shard } = entrance;
  const others = routesBesides(undefined, entrance, asked, facts, kind);
  const why = `no route of shard ${shard.name} is for ${safe(asked.host, 100)}${safe(asked.target, 100)}${kind === 'tls' ? '' : ' in plain HTTP'}`;
  if (bind.backend === undefined)
    return { step: { what: 'route', why, others }, end: { text: `503: ${why}`, ok: false } };
  return {
    step: {
      what: 'route',
      chosen: 'none',
      why: `${why}: bind ${bind.name} has a backend of its own for that`,
      others,
    },
    way: { route: undefined, termination: undefined },
  };
}

function chosenStep(
  route: Route,
  why: string,
  entrance: Entrance,
  asked: Asked,
  facts: TraceFacts,
  kind: 'http' | 'tls' | 'passthrough',
): TraceStep {
  return {
    what: 'route',
    chosen: route.name,
    why: `${why}${selectedText(route, entrance)}`,
    others: routesBesides(route, entrance, asked, facts, kind),
  };
}

function matchText({ host, path }: Route, asked: Asked): string {
  const byHost =
    host === undefined
      ? 'is for every host'
      : host === asked.host
        ? 'is for this host'
        : `${host} stands for this host`;
  return path === '/' ? byHost : `${byHost}, and ${safe(path, 200)} is the longest path that matches`;
}

function selectedText({ namespace }: Route, { shard }: Entrance): string {
  const { routeSelector, namespaceSelector } = shard;
  const parts = [
    isSelective(routeSelector) && `its labels are those of ${selectorText(routeSelector)}`,
    isSelective(namespaceSelector) &&
      `its namespace ${namespace} is one of ${selectorText(namespaceSelector)}`,
  ].filter((part) => part !== false);
  return parts.length === 0 ? '' : safe(`; ${parts.join(', ')}`, 300);
}

/** As proxy/http/redirect.ts makes it: the shard's first bind of mode tls, at the port that it really has. */
function redirectLocation({ shard }: Entrance, { host, target }: Asked, { addresses }: TraceFacts): string {
  const secure = shard.binds.find(({ mode, address }) => mode === 'tls' && address.kind === 'ip');
  const listening = secure && addresses.get(secure.name);
  const port = listening === undefined ? '443' : listening.slice(listening.lastIndexOf(':') + 1);
  return safe(`https://${host}${port === '443' ? '' : `:${port}`}${target}`, 300);
}
