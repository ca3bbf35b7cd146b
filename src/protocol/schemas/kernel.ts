// What the kernel does beside the proxy, as it travels: its state, who is blocked, windows of the ruleset, counters.

import * as z from 'zod';
import type {
  BindPathEntity,
  BlockEntity,
  KernelEntity,
  KernelHop,
  KernelSample,
  RulesetWindow,
  ServiceEntity,
} from '../../domain/kernel.ts';
import { amount, count, line, name, rate, serverKey } from './words.ts';

/** An address or a network, canonical or not; what it means is judged by the runtime. */
export const blockAddress = z.string().regex(/^[0-9a-fA-F:.]{2,45}(\/[0-9]{1,3})?$/);
export const endpointAddress = z.string().regex(/^[0-9a-fA-F:.[\]]{3,60}$/);

const usable = z.union([z.literal(true), z.object({ no: line, remedy: line.exactOptional() })]);

export const kernel = z.object({
  read: usable,
  change: usable,
  conntrack: usable,
  accounting: usable,
  table: z.object({ state: z.enum(['none', 'in-force', 'failed']), text: line.exactOptional() }),
}) satisfies z.ZodType<KernelEntity>;

export const block = z.object({
  address: name,
  why: line,
  by: line,
  at: amount,
  until: amount.exactOptional(),
  confirmBy: amount.exactOptional(),
}) satisfies z.ZodType<BlockEntity>;

const endpointAdmin = z.enum(['ready', 'drain']);
export const service = z.object({
  pick: z.enum(['random', 'hash']),
  endpoints: z.array(
    z.object({
      address: name,
      weight: count,
      admin: endpointAdmin,
      configuredAdmin: endpointAdmin,
      adminBy: line.exactOptional(),
    }),
  ),
  inForce: usable,
}) satisfies z.ZodType<ServiceEntity>;

export const bindPath = z.object({
  by: z.enum(['kernel', 'relay', 'none']),
  why: line.exactOptional(),
}) satisfies z.ZodType<BindPathEntity>;

export const kernelHop = z.object({
  to: line,
  endpoint: line.exactOptional(),
  rule: line.exactOptional(),
  text: line,
}) satisfies z.ZodType<KernelHop>;

const counts = { connections: rate, bytesIn: rate, bytesOut: rate };
export const kernelSample = z.object({
  endpoints: z.array(
    z.object({
      server: serverKey,
      endpoint: name,
      connections: rate,
      newConnections: rate,
      totalConnections: rate,
    }),
  ),
  blocks: z.array(z.object({ address: name, packets: rate, bytes: rate, packetRate: rate })),
  compared: z.array(
    z.object({
      kind: z.enum(['bind', 'shard', 'instance', 'server']),
      name,
      proxy: z.object(counts).nullable(),
      kernel: z.object({ ...counts, packetsIn: amount, packetsOut: amount }).nullable(),
      why: line.exactOptional(),
    }),
  ),
  comparedSince: amount.nullable(),
}) satisfies z.ZodType<KernelSample>;

export const rulesetQuery = z.strictObject({
  filter: z.string().max(200),
  order: z.enum(['kernel', 'traffic']),
  folded: z.array(z.string().min(1).max(600)).max(2_000),
  offset: count,
  limit: z.int().min(0).max(200),
});

export const rulesetWindow = z.object({
  query: z.object(rulesetQuery.shape),
  at: amount,
  rules: count,
  total: count,
  rows: z.array(
    z.object({
      key: name,
      kind: z.enum(['table', 'chain', 'rule', 'set', 'map', 'counter', 'other']),
      depth: z.union([z.literal(0), z.literal(1), z.literal(2)]),
      ours: z.boolean(),
      text: line,
      about: line.exactOptional(),
      counts: z.enum(['packets', 'connections', 'none']),
      packets: amount.exactOptional(),
      bytes: amount.exactOptional(),
      packetRate: rate.exactOptional(),
      byteRate: rate.exactOptional(),
      explanation: z.array(line),
      understood: z.boolean(),
      children: count,
    }),
  ),
  mostPacketRate: amount,
  fault: line.exactOptional(),
  remedy: line.exactOptional(),
}) satisfies z.ZodType<RulesetWindow>;
