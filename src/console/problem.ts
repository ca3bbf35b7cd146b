// One thing that is wrong, as the problem line tells it.

import type { Tone } from './frame.ts';

export interface Problem {
  readonly severity: 1 | 2 | 3;
  readonly sign: '▼' | '▲' | '◐';
  readonly tone: Extract<Tone, 'bad' | 'warning' | 'accent'>;
  readonly text: string;
  /** Without the reason, where there is no room for it beside another problem. */
  readonly short?: string;
  /** Wall clock; the newest of equal severity comes first. */
  readonly at: number;
}

export function bad(severity: 2 | 3, text: string, at: number): Problem {
  return { severity, sign: '▼', tone: 'bad', text, at };
}

export function warning(text: string, at: number): Problem {
  return { severity: 1, sign: '▲', tone: 'warning', text, at };
}
