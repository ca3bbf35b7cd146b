// Labels, selectors and namespaces in sluice.yaml, written as in Kubernetes (apimachinery meta/v1, validation): an
// IngressController's selectors and a Route's labels can be copied as they are.

import * as z from 'zod';
import { labelKeyFault, labelValueFault } from '../domain/label-syntax.ts';
import { choice, quote, text } from './values.ts';

const keyShape = '^([a-z0-9]([a-z0-9.-]*[a-z0-9])?/)?[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$';
const keyRemedy = 'such as tier or example.com/tier';

const labelKey = text((value) => {
  const fault = labelKeyFault(value);
  return fault === undefined ? { ok: true, value } : { ok: false, message: fault, remedy: keyRemedy };
}, "A label's key");

const labelValue = text((value) => {
  const fault = labelValueFault(value);
  return fault === undefined ? { ok: true, value } : { ok: false, message: fault, remedy: 'such as gold' };
}, 'Value of a label');

/** As a key of a map, where a value's parser has no say. */
const keyOfMap = z
  .string()
  .check((context) => {
    const message = labelKeyFault(context.value);
    if (message !== undefined)
      context.issues.push({
        code: 'custom',
        message,
        params: { remedy: keyRemedy },
        input: context.value,
      });
  })
  .meta({ pattern: keyShape });

export const labels = z.record(keyOfMap, labelValue);

const operators = ['In', 'NotIn', 'Exists', 'DoesNotExist'] as const;

const expression = z
  .strictObject({
    key: labelKey,
    operator: choice(operators, 'In and NotIn have values, Exists and DoesNotExist have none'),
    values: z.array(labelValue).optional().meta({ description: 'Of In and NotIn' }),
  })
  .meta({ description: 'One more condition' });

export function selector(of: string) {
  return z
    .strictObject({
      matchLabels: labels.optional().meta({ description: 'Each label must have this very value' }),
      matchExpressions: z.array(expression).optional().meta({ description: 'Each of them must hold' }),
    })
    .meta({ description: `Which ${of} it takes; all if missing` });
}

/** RFC 1123 label. */
const namespacePattern = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

export function namespaceName(description: string) {
  return text(
    (value) =>
      namespacePattern.test(value)
        ? { ok: true, value }
        : {
            ok: false,
            message: `${quote(value)} is not the name of a namespace`,
            remedy: 'up to 63 small letters, digits and "-", with a letter or digit at both ends',
          },
    description,
  );
}

export const namespace = z
  .strictObject({
    name: namespaceName('As routes name it'),
    labels: labels.prefault({}).meta({ description: 'What the namespaceSelector of a shard goes by' }),
  })
  .meta({ description: 'A namespace whose labels matter' });
