// The small words of the wire, shared by the other schemas: names, numbers, states.

import * as z from 'zod';
import type { ServerKey } from '../../domain/plan.ts';

/** A wall clock in milliseconds since 1970, a duration in milliseconds, or a count: all are plain numbers. */
export const amount = z.number().nonnegative();
export const count = z.int().nonnegative();
export const rate = z.number().nullable();
/** What a runtime says is bounded by the size of a message alone: a long text must not keep a console from attaching. */
export const name = z.string().min(1);
export const line = z.string();

/** Names hold neither a slash nor control characters; what does not match never gets as far as a text that is shown. */
const keyPart = z.string().regex(/[^/\x00-\x1f\x7f-\x9f]{1,300}/);

/** "web/app1": one slash, nothing empty on either side. */
export const serverKey = z
  .templateLiteral([keyPart, '/', keyPart])
  .describe('BACKEND/SERVER') satisfies z.ZodType<ServerKey>;

/** What is relayed. */
export const mode = z.enum(['tcp', 'http']);
export const bindMode = z.enum(['tcp', 'http', 'tls']);
/** Screens say "TLS mode". */
export const termination = z.enum(['passthrough', 'edge', 'reencrypt']);
const configured = z.string().regex(/^[A-Za-z0-9_.:-]{1,200}$/);
/** As names are in a configuration: anything else is no route's, and gets no further. */
export const routeName = configured;
export const shardName = configured;
export const adminState = z.enum(['ready', 'drain', 'maint']);
export const operationalState = z.enum(['starting', 'up', 'down', 'unchecked', 'paused']);
export const role = z.enum(['viewer', 'operator']);
export type Role = z.infer<typeof role>;
