// A preflight in lines: each finding with its sign, and what they come to; who is connected now is one of them. Pure.
import type { Preflight, PreflightFinding } from '../../domain/preflight.ts';
import { safe } from '../../domain/safe.ts';
import type { Termination } from '../../domain/tls.ts';
import { type Shade, shaded } from '../table.ts';
import { count } from '../wording.ts';

const looks: Readonly<Record<PreflightFinding['severity'], readonly [sign: string, shade: Shade]>> = {
  good: ['●', 'good'],
  note: ['·', 'plain'],
  warning: ['▲', 'warning'],
  unsafe: ['▼', 'bad'],
};

/** `width`: of the column of subjects, as far as it is known while findings still come in. */
export function findingLines(
  { subject, severity, text, remedy }: PreflightFinding,
  width: number,
  color: boolean,
): string {
  const [sign, shade] = looks[severity];
  const found = `${shaded(`  ${sign}`, shade, color)} ${safe(subject).padEnd(width)}  ${safe(text)}`;
  if (remedy === undefined) return found;
  return `${found}\n${' '.repeat(width + 6)}→ ${safe(remedy)}`;
}

export function verdictLine({ route, from, to, findings, verdict }: Preflight, color: boolean): string {
  const warnings = findings.filter(({ severity }) => severity === 'warning').length;
  const unsafe = findings.filter(({ severity }) => severity === 'unsafe').length;
  const what =
    from === to ? `${safe(route)}, which is ${to} already` : `${safe(route)} from ${from} to ${to}`;
  switch (verdict) {
    case 'unsafe':
      return shaded(
        `▼ not safe to switch ${what}: ${count(unsafe, 'finding')} of ${findings.length} would fail clients`,
        'bad',
        color,
      );
    case 'safe':
      return warnings === 0
        ? shaded(`● safe to switch ${what}`, 'good', color)
        : shaded(`▲ safe to switch ${what}, with ${count(warnings, 'warning')}`, 'warning', color);
    case 'running':
      return `◌ probing ${what}`;
  }
}

/** For a line in place. */
export function probingText({ route, to, pending }: Preflight): string {
  return `◌ probing ${safe(route)} for ${to}: ${count(pending, 'probe')} under way`;
}

/** `sluice tls switch shop edge --force shop` */
export function forceText(route: string, termination: Termination): string {
  return `sluice tls switch ${safe(route)} ${termination} --force ${safe(route)}`;
}
