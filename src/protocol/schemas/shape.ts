// Changes of a plan's shape as they travel: how many instances, which labels, which selector. Labels are checked by
// Kubernetes' rules here, so what no label can be never reaches the runtime's core.

import * as z from 'zod';
import { labelKeyFault, labelValueFault } from '../../domain/label-syntax.ts';
import type { LabelSelector, Labels } from '../../domain/selector.ts';
import type { ShapeChange } from '../../domain/shape.ts';
import { routeName, shardName } from './words.ts';

/** Of changes in one command or what-if, of labels in a change, of requirements in a selector, of values in a requirement. */
const most = 64;

const labelKey = z
  .string()
  .check(({ value, issues }) => {
    const fault = labelKeyFault(value);
    if (fault !== undefined) issues.push({ code: 'custom', message: fault, input: value });
  })
  .describe("a label's key, as Kubernetes has them written");
const labelValue = z
  .string()
  .check(({ value, issues }) => {
    const fault = labelValueFault(value);
    if (fault !== undefined) issues.push({ code: 'custom', message: fault, input: value });
  })
  .describe("a label's value, as Kubernetes has them written");

const atMost = <T extends object>(value: T) => Object.keys(value).length <= most;
const tooMany = `more than ${most} labels`;

export const labels = z.record(z.string(), z.string()) satisfies z.ZodType<Labels>;

const routeSelector = z.strictObject({
  matchLabels: z.record(labelKey, labelValue).refine(atMost, tooMany).exactOptional(),
  matchExpressions: z
    .array(
      z
        .strictObject({
          key: labelKey,
          operator: z.enum(['In', 'NotIn', 'Exists', 'DoesNotExist']),
          values: z.array(labelValue).max(most).readonly().exactOptional(),
        })
        .refine(
          ({ operator, values = [] }) => (operator === 'In' || operator === 'NotIn') === values.length > 0,
          'In and NotIn have values, Exists and DoesNotExist have none',
        ),
    )
    .max(most)
    .readonly()
    .exactOptional(),
}) satisfies z.ZodType<LabelSelector>;

export const shapeChange = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('scale'), shard: shardName, instances: z.int().min(1).max(64) }),
  z.strictObject({
    kind: z.literal('relabel'),
    route: routeName,
    labels: z
      .record(labelKey, labelValue.nullable())
      .refine(atMost, tooMany)
      .refine((changed) => Object.keys(changed).length > 0, 'no label'),
  }),
  z.strictObject({
    kind: z.literal('select'),
    shard: shardName,
    routeSelector: routeSelector.nullable(),
  }),
]) satisfies z.ZodType<ShapeChange>;

export const shapeChanges = z.array(shapeChange).min(1).max(most).readonly();

/** "default:instances", "sharded:routeSelector", "shop:labels". */
export const shapeDrift = z
  .string()
  .regex(/^[A-Za-z0-9_.:-]{1,200}:(?:instances|routeSelector|labels)$/)
  .describe('SHARD:instances, SHARD:routeSelector or ROUTE:labels');

/** First digits of a plan's hash. */
export const planHash = z.string().regex(/^[0-9a-f]{1,64}$/);
