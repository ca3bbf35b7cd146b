// What the schema refused, in words for an operator: zod's issues → findings.

import type * as z from 'zod';
import type { $ZodIssue, $ZodType } from 'zod/v4/core';
import type { Finding, Path } from './problem.ts';
import { valueAt } from './source.ts';
import { unknownKey } from './unknown-keys.ts';
import { kindOf } from './values.ts';

const kinds: Readonly<Record<string, string>> = {
  object: 'a map',
  array: 'a list',
  record: 'a map',
  string: 'text',
};

export function findingsOf(issues: readonly $ZodIssue[], schema: z.ZodType, raw: unknown): Finding[] {
  return issues.flatMap((issue) => {
    const path = written(issue.path as Path, raw);
    switch (issue.code) {
      case 'unrecognized_keys':
        return issue.keys.map((key) => unknownKey(path, key, keysAt(schema, path)));
      case 'custom': {
        const remedy: unknown = issue.params?.remedy;
        const message = issue.message === 'is missing' ? `${lastOf(path)} is missing` : issue.message;
        return [{ path, message, ...(typeof remedy === 'string' && remedy !== '' ? { remedy } : {}) }];
      }
      case 'invalid_key': {
        const [inner] = issue.issues;
        const remedy: unknown = inner?.code === 'custom' ? inner.params?.remedy : undefined;
        const message =
          inner?.code === 'custom' ? inner.message : `${lastOf(path)} is not allowed as a name here`;
        return [{ path, atKey: true, message, ...(typeof remedy === 'string' ? { remedy } : {}) }];
      }
      case 'too_small':
        return [{ path, message: `${lastOf(path)} is empty`, remedy: 'at least one is needed' }];
      case 'invalid_type': {
        const found = valueAt(raw, path);
        if (found === undefined && path.length > 0)
          return [{ path, message: `${lastOf(path)} is missing`, remedy: `add ${lastOf(path)}:` }];
        const wanted = kinds[issue.expected] ?? issue.expected;
        const known = keysAt(schema, path);
        const remedy =
          path.length === 0
            ? `the keys here are ${known.join(', ')}`
            : issue.expected === 'array'
              ? 'write each entry after a "-"'
              : known.length > 0
                ? `such as { ${known[0]}: … }`
                : undefined;
        return [{ path, message: `expected ${wanted}, got ${kindOf(found)}`, remedy }];
      }
      default:
        return [{ path, message: issue.message }];
    }
  });
}

/** One value where a list may stand is taken as a list of one: the place is then the value's own. */
function written(path: Path, raw: unknown): Path {
  const before = path.slice(0, -1);
  return typeof path.at(-1) === 'number' && !Array.isArray(valueAt(raw, before)) ? before : path;
}

function lastOf(path: Path): string {
  const last = path.at(-1);
  return typeof last === 'number' ? `entry ${last + 1}` : `"${last ?? 'the file'}"`;
}

/** The keys that the schema knows at a place; none where it is no map with fixed keys. */
function keysAt(schema: $ZodType, path: Path): string[] {
  let at: $ZodType | undefined = schema;
  for (const step of path) {
    const inner: Definition | undefined = at && unwrapped(at);
    if (inner?.type === 'object') at = inner.shape[step];
    else if (inner?.type === 'array') at = inner.element;
    else return [];
  }
  const inner = at && unwrapped(at);
  return inner?.type === 'object' ? Object.keys(inner.shape) : [];
}

interface Definition {
  readonly type: string;
  readonly shape: Readonly<Record<string | number, $ZodType>>;
  readonly element: $ZodType;
  readonly innerType?: $ZodType;
}

function unwrapped(schema: $ZodType): Definition {
  const definition = schema._zod.def as unknown as Definition;
  return definition.innerType ? unwrapped(definition.innerType) : definition;
}
