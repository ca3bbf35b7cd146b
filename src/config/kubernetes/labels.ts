// Labels and selectors of objects, those left out that Kubernetes would not have taken either.

import { labelKeyFault, labelValueFault } from '../../domain/label-syntax.ts';
import type { LabelExpression, LabelSelector, Labels } from '../../domain/selector.ts';
import { isFields, type Located } from './located.ts';
import { type Notes, quoted } from './notes.ts';

export function labelsOf(object: Located, notes: Notes): Labels {
  return checked(object.at('metadata', 'labels'), notes) ?? {};
}

/** Undefined where one is not right. */
function checked(labels: Located, notes: Notes, all = false): Record<string, string> | undefined {
  const found: Record<string, string> = {};
  for (const key of labels.keys) {
    const entry = labels.at(key);
    const value = entry.value === '' || entry.value === null ? '' : entry.looseText;
    const fault = labelKeyFault(key) ?? (value === undefined ? 'it is no text' : labelValueFault(value));
    if (fault === undefined && value !== undefined) {
      Object.defineProperty(found, key, { value, enumerable: true, configurable: true, writable: true });
      continue;
    }
    notes.add('warning', entry, `the label ${quoted(key)} is not used: ${fault ?? ''}`);
    if (all) return undefined;
  }
  return found;
}

/** `wrong`: it cannot be had, and to leave it out would select more than was meant. Undefined: it selects all. */
export function selectorOf(selector: Located, notes: Notes): LabelSelector | 'wrong' | undefined {
  if (!selector.isThere) return undefined;
  if (!isFields(selector.value)) return 'wrong';
  const matchLabels = checked(selector.at('matchLabels'), notes, true);
  const expressions = selector.at('matchExpressions').items.map(expressionOf);
  if (!matchLabels || expressions.includes(undefined)) return 'wrong';
  const matchExpressions = expressions as LabelExpression[];
  if (Object.keys(matchLabels).length === 0 && matchExpressions.length === 0) return undefined;
  return {
    ...(Object.keys(matchLabels).length > 0 && { matchLabels }),
    ...(matchExpressions.length > 0 && { matchExpressions }),
  };
}

function expressionOf(expression: Located): LabelExpression | undefined {
  const key = expression.at('key').text;
  const operator = expression.at('operator').text;
  if (key === undefined || labelKeyFault(key) !== undefined) return undefined;
  if (operator === 'Exists' || operator === 'DoesNotExist') return { key, operator };
  if (operator !== 'In' && operator !== 'NotIn') return undefined;
  const values = expression.at('values').items.map((item) => (item.value === '' ? '' : item.looseText));
  if (
    values.length === 0 ||
    values.some((value) => value === undefined || labelValueFault(value) !== undefined)
  )
    return undefined;
  return { key, operator, values: values as string[] };
}
