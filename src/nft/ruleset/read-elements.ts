// Elements of sets and maps as nft's JSON has them: a plain value, or { elem: { val, timeout, expires, comment, counter } };
// of a map a pair of one of these and its data. There may be 100,000.

import type { Json } from '../json.ts';
import { countField, fieldOf, isObject, listOf, textField } from '../json-fields.ts';
import type { Count, SetElement } from './ruleset.ts';

export function readElements(elements: Json | undefined, isMap: boolean): readonly SetElement[] {
  return listOf(elements).map((element) => {
    if (!isMap || !Array.isArray(element) || element.length !== 2) return elementOf(element);
    const [key, value]: readonly Json[] = element;
    return { ...elementOf(key!), data: value! };
  });
}

function elementOf(element: Json): SetElement {
  const whole = fieldOf(element, 'elem');
  const value = fieldOf(whole, 'val');
  if (!isObject(whole) || value === undefined) return { value: element };
  const timeout = countField(whole, 'timeout');
  const expires = countField(whole, 'expires');
  const comment = textField(whole, 'comment');
  const counter = counterOf(fieldOf(whole, 'counter'));
  return {
    value,
    ...(timeout !== undefined && { timeoutMs: timeout * 1_000 }),
    ...(expires !== undefined && { expiresMs: expires * 1_000 }),
    ...(comment !== undefined && comment !== '' && { comment }),
    ...(counter !== undefined && { counter }),
  };
}

function counterOf(counter: Json | undefined): Count | undefined {
  const packets = countField(counter, 'packets');
  const bytes = countField(counter, 'bytes');
  return packets === undefined || bytes === undefined ? undefined : { packets, bytes };
}
