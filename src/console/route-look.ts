// How a route looks: its place, its TLS mode against the configured one, and where it sends.

import type { RouteEntity } from '../domain/model.ts';
import { stateOf } from './backend-states.ts';
import type { Span } from './frame.ts';
import { muted, span } from './spans.ts';
import { shortModes } from './tls-words.ts';
import type { View } from './view.ts';

export function placeSpans({ host, path, tls }: RouteEntity): Span[] {
  // What is passed through has no path that we could see.
  const shown = tls?.termination === 'passthrough' && path === '/' ? '' : ` ${path}`;
  return [span(host ?? '*'), muted(shown)];
}

/** "edge", or "passthrough ≠edge": what is in force, and what the configuration says where that is another. */
export function modeSpans({ tls }: RouteEntity, width: number): Span[] {
  if (tls === undefined) return [muted('–')];
  const { termination, configuredTermination } = tls;
  if (termination === configuredTermination) return [span(termination)];
  const configured = `≠${shortModes[configuredTermination]}`;
  const shown = termination.length + 1 + configured.length <= width ? termination : shortModes[termination];
  return [span(`${shown} `), span(configured, 'warning')];
}

/** Weights only where there is something to share; a backend that serves nobody is marked where it is named. */
export function targetSpans(view: View, { to }: RouteEntity): Span[] {
  return to.flatMap(({ backend, weight }, index) => {
    const { severity, look } = stateOf(view, backend);
    const down = severity >= 3 ? [span(`${look.sign} `, look.tone)] : [];
    return [
      muted(index === 0 ? '' : ' · '),
      ...down,
      span(backend, severity >= 3 ? look.tone : 'text'),
      muted(to.length > 1 ? ` ${weight}` : ''),
    ];
  });
}
