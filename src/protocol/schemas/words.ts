// The small words of the wire, shared by the other schemas: names, numbers, states.

import { z } from 'zod';
import type { ServerKey } from '../../domain/plan.ts';

const text = z.string().max(4_096);

/** A wall clock in milliseconds since 1970, a duration in milliseconds, or a count: all are plain numbers. */
export const amount = z.number().nonnegative();
export const count = z.int().nonnegative();
export const rate = z.number().nullable();
export const name = text.min(1);
export const line = text;

/** "web/app1": one slash, nothing empty on either side; names hold no slash. */
export const serverKey = z
  .templateLiteral([z.string().regex(/[^/]{1,200}/), '/', z.string().regex(/[^/]{1,200}/)])
  .describe('BACKEND/SERVER') satisfies z.ZodType<ServerKey>;

export const bindMode = z.enum(['tcp', 'http']);
export const adminState = z.enum(['ready', 'drain', 'maint']);
export const operationalState = z.enum(['starting', 'up', 'down', 'unchecked', 'paused']);
export const role = z.enum(['viewer', 'operator']);
export type Role = z.infer<typeof role>;
