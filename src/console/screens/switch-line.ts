// One line that tells how a switched route fares: while it is watched, and for some minutes after.

import type { TlsSwitch } from '../../domain/tls-switch.ts';
import { count, duration, percent } from '../format.ts';
import type { Span } from '../frame.ts';
import { muted, span } from '../spans.ts';
import { failedShare, shortModes } from '../tls-words.ts';

/** How long the outcome stands under the route's row. */
export const outcomeShownMs = 5 * 60_000;

/** Is there something to say of it now? */
export function isTold({ phase, endedAt }: TlsSwitch, now: number): boolean {
  return phase === 'watching' || now - (endedAt ?? now) < outcomeShownMs;
}

/** At half of the limit somebody may want to look: what is below it comes and goes by itself. */
const nearLimit = 0.5;

/** "failed 0.1 % → 0.4 %": before, and since; – where nothing came by. */
export function comparison(change: TlsSwitch): Span[] {
  const before = failedShare(change.before);
  const after = failedShare(change.after);
  const beyond = (after ?? 0) - (before ?? 0);
  const tone = beyond > change.threshold ? 'bad' : beyond > nearLimit * change.threshold ? 'warning' : 'text';
  return [muted('failed '), span(percent(before)), muted(' → '), span(percent(after), tone, tone !== 'text')];
}

export function switchLine(change: TlsSwitch, now: number): Span[] {
  const { from, to, phase, watchUntil } = change;
  switch (phase) {
    case 'watching':
      return [
        muted('└ '),
        span(`◐ ${from} → ${to}`, 'accent'),
        muted(', watching '),
        span(duration(watchUntil - now)),
        muted('  '),
        ...comparison(change),
        ...leftSpans(change, now),
      ];
    case 'settled':
      return [
        muted('└ '),
        span(`● ${from} → ${to}`, 'good'),
        muted(', no worse  '),
        ...comparison(change),
        ...leftSpans(change, now),
      ];
    case 'reverted':
      return [
        muted('└ '),
        span(`▲ ${to} → ${from}`, 'bad', true),
        span(' reverted by itself', 'bad'),
        span('  '),
        ...comparison(change),
      ];
  }
}

/** Of the mode before: once it reverted that is the present one, and nobody is left behind. */
function leftSpans({ left, from, closeAt }: TlsSwitch, now: number): Span[] {
  if (left === 0) return [];
  const end = closeAt > now ? `, ${duration(closeAt - now)}` : '';
  return [muted(`  ${count(left)} in ${shortModes[from]}${end}`)];
}
