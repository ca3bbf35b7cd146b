// A TLS switch that is watched, in a line: how clients fare against before; and how the watch ends. Pure.
import { safe } from '../../domain/safe.ts';
import type { Fares, TlsSwitch } from '../../domain/tls-switch.ts';
import type { Ending } from '../failure.ts';
import { age, short } from '../wording.ts';

export interface WatchEnd {
  readonly ending: Ending;
  readonly text: string;
  readonly hint?: string;
}

/** "shop reencrypt, 0:42 to go · before 0.1 % of 1.2 K failed · since 0 % of 310 failed · 12 left in edge" */
export function watchLine(watched: TlsSwitch, now: number): string {
  const { route, from, to, before, after, left, watchUntil } = watched;
  const toGo = watched.phase === 'watching' ? `, ${age(Math.max(0, watchUntil - now))} to go` : '';
  const parts = [
    `${safe(route)} ${to}${toGo}`,
    `before ${faresText(before)}`,
    `since ${faresText(after)}`,
    ...(left > 0 ? [`${left} left in ${from}`] : []),
  ];
  return parts.join(' · ');
}

/** "0.1 % of 1.2 K failed, 3 in the handshake" */
export function faresText(fares: Fares | null): string {
  if (fares === null || fares.attempts === 0) return 'nobody came';
  const { attempts, failures, handshakeFailures } = fares;
  const handshakes = handshakeFailures > 0 ? `, ${handshakeFailures} in the handshake` : '';
  return `${percent(failures / attempts)} of ${short(attempts)} failed${handshakes}`;
}

/** A share that is not zero never looks like zero. */
export function percent(share: number): string {
  const value = share * 100;
  if (value > 0 && value < 0.1) return '< 0.1 %';
  return `${value >= 10 || Number.isInteger(value) ? Math.round(value) : value.toFixed(1)} %`;
}

/**
 * Whether the wait is over. `first` is the switch that is waited for, `current` what the route has now: undefined where
 * somebody reverted or undid it.
 */
export function watchEnd(first: TlsSwitch, current: TlsSwitch | undefined): WatchEnd | undefined {
  const route = safe(first.route);
  if (current === undefined || current.startedAt !== first.startedAt || current.to !== first.to)
    return {
      ending: 'refused',
      text: `the watch of ${route} ended before its time: somebody acted on it`,
      hint: 'who, and what, is in `sluice show journal`',
    };
  const why = current.text === undefined ? '' : `: ${safe(current.text)}`;
  const compared = `before ${faresText(current.before)}, since ${faresText(current.after)}`;
  switch (current.phase) {
    case 'watching':
      return undefined;
    case 'settled':
      return { ending: 'done', text: `${route} is ${current.to}; ${compared}` };
    case 'reverted':
      return {
        ending: 'refused',
        text: `${route} went back to ${current.from} by itself${why} (${compared})`,
        hint: `each failure is in the access log; probe again with \`sluice tls switch ${route} ${current.to} --preflight\``,
      };
  }
}
