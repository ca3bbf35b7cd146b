// What a switch of a route's TLS mode would meet, as it travels while the probes come in.

import * as z from 'zod';
import type { Preflight } from '../../domain/preflight.ts';
import { openByMode } from './traffic.ts';
import { count, line, name, termination } from './words.ts';

export const preflight = z.object({
  route: name,
  from: termination,
  to: termination,
  connections: openByMode,
  findings: z.array(
    z.object({
      subject: line,
      severity: z.enum(['good', 'note', 'warning', 'unsafe']),
      text: line,
      remedy: line.exactOptional(),
      conflict: z.literal(true).exactOptional(),
    }),
  ),
  pending: count,
  verdict: z.enum(['running', 'safe', 'unsafe']),
}) satisfies z.ZodType<Preflight>;
