// A trace as a ladder: what was chosen and why on the rungs, what was not below each of them. Pure.
import { safe } from '../domain/safe.ts';
import type { Trace, TraceStep } from '../domain/trace.ts';
import { shareText } from './shards/plan-lines.ts';
import { shaded } from './table.ts';

const label = 10;
/** Of what was not chosen, and of candidates; --json has all. */
const shown = 10;

export function traceText({ question, steps, result, ok }: Trace, color: boolean): string {
  const { url, from, sni, cookie } = question;
  const asked = [
    safe(url),
    ...(from === undefined ? [] : [`from ${safe(from)}`]),
    ...(sni === undefined ? [] : [`SNI ${safe(sni)}`]),
    ...(cookie === undefined ? [] : [`cookie ${safe(cookie)}`]),
  ];
  const widths = Math.min(32, Math.max(0, ...steps.map(({ chosen }) => safe(chosen ?? '–').length)));
  return [
    asked.join(' '),
    ...steps.flatMap((step) => stepLines(step, widths, color)),
    `${shaded(ok ? '→' : '✗', ok ? 'good' : 'bad', color)} ${safe(result)}`,
  ].join('\n');
}

function stepLines(step: TraceStep, width: number, color: boolean): readonly string[] {
  const { what, chosen, why, others, candidates = [], more = 0 } = step;
  const rung = `  ${(what === 'tls' ? 'TLS mode' : what).padEnd(label)}`;
  const head =
    chosen === undefined
      ? `${rung}${shaded(`✗ ${safe(why)}`, 'bad', color)}`
      : `${rung}${safe(chosen).padEnd(width)}  ${shaded(safe(why), 'muted', color)}`.trimEnd();
  const below = ' '.repeat(label + 2);
  const muted = (text: string) => `${below}${shaded(text, 'muted', color)}`;
  return [
    head,
    ...candidates
      .slice(0, shown)
      .map(
        ({ name, share, why: reason }, at) =>
          `${below}${share === undefined ? `${at + 1}.` : shareText(share)} ${safe(name)}: ${safe(reason)}`,
      ),
    ...restLine(candidates.length + more, 'more').map(muted),
    ...others.slice(0, shown).map(({ name, why: reason }) => muted(`not ${safe(name)}: ${safe(reason)}`)),
    ...restLine(others.length, 'others').map(muted),
  ];
}

function restLine(all: number, what: string): readonly string[] {
  return all > shown ? [`and ${all - shown} ${what} (--json)`] : [];
}
