// Fields of foreign JSON: only an object's own ones, and each as the kind that was asked for or not at all.

import type { Json, JsonObject } from './json.ts';

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function fieldOf(object: Json | undefined, name: string): Json | undefined {
  return isObject(object) && Object.hasOwn(object, name) ? object[name] : undefined;
}

export function textField(object: Json | undefined, name: string): string | undefined {
  const value = fieldOf(object, name);
  return typeof value === 'string' ? value : undefined;
}

/** Never negative or without end. */
export function countField(object: Json | undefined, name: string): number | undefined {
  const value = fieldOf(object, name);
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined;
}

export function listOf(value: Json | undefined): readonly Json[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? (value as readonly Json[]) : [value];
}

export function textsOf(value: Json | undefined): readonly string[] {
  return listOf(value).filter((one): one is string => typeof one === 'string');
}

/** The one key of { drop: null } and its value; undefined where it is none of that form. */
export function onlyEntry(value: Json | undefined): readonly [kind: string, body: Json] | undefined {
  if (!isObject(value)) return undefined;
  const keys = Object.keys(value);
  return keys.length === 1 ? [keys[0]!, value[keys[0]!]!] : undefined;
}
