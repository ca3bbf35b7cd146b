// What is wrong with a configuration, and where: the one shape in which every stage of loading reports.

import type { Plan } from '../domain/plan.ts';
import { type SafeText, safe } from '../domain/safe.ts';
import { isPem } from './pem-text.ts';

export interface Problem {
  readonly file: string;
  /** Both count from 1; columns in UTF-16 units, as editors do. Neither where the file could not be read at all. */
  readonly line?: number;
  readonly column?: number;
  /** "backends[0].servers[1].weight"; "" for the whole file. */
  readonly path: string;
  /** What stands there, shortened and safe to show; undefined where nothing does. */
  readonly value?: SafeText;
  readonly message: SafeText;
  /** What would be right. */
  readonly remedy?: SafeText;
  /** It stands in another file than the configuration. */
  readonly imported?: true;
}

/** `source`: the file's text, from which the lines are shown. */
export type LoadResult =
  | {
      readonly ok: true;
      readonly plan: Plan;
      readonly warnings: readonly Problem[];
      readonly source: string;
      /** Places what is found later; there where the text alone cannot tell, because more was imported beside it. */
      readonly locate?: (finding: Finding) => Problem;
    }
  | { readonly ok: false; readonly errors: readonly Problem[]; readonly source: string };

export type Path = readonly (string | number)[];

/** A problem whose place is not looked up yet. */
export interface Finding {
  readonly path: Path;
  /** At the key rather than at its value. */
  readonly atKey?: boolean;
  readonly message: string;
  readonly remedy?: string | undefined;
}

export function pathText(path: Path): string {
  let text = '';
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`;
    else if (/^[\w-]+$/.test(step)) text += text === '' ? step : `.${step}`;
    else text += `[${JSON.stringify(step)}]`;
  }
  return text;
}

export function valueText(value: unknown): SafeText | undefined {
  if (value === undefined) return undefined;
  const text = JSON.stringify(value);
  // Somebody pasted a file's contents, which may be a private key.
  return isPem(text) ? undefined : safe(text, 80);
}
