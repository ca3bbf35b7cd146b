// `sluice trace`: where a request would go, step by step, and why not elsewhere. Nothing is sent.
import type { RuntimeClient } from '../client/runtime-client.ts';
import type { Trace, TraceQuestion } from '../domain/trace.ts';
import { traceFault } from '../domain/trace.ts';
import { attached } from './attachment.ts';
import { CliFailure, exitCodes } from './failure.ts';
import { jsonDocument } from './json.ts';
import type { VerbContext } from './program.ts';
import { traceText } from './trace-lines.ts';

export interface TraceOptions {
  readonly from?: string;
  readonly sni?: string;
  readonly cookie?: string;
}

/** @throws CliFailure `usage` where the question makes no sense */
export async function trace(context: VerbContext, url: string, options: TraceOptions): Promise<void> {
  const question: TraceQuestion = { url, ...options };
  const fault = traceFault(question);
  if (fault !== undefined)
    throw new CliFailure(
      'usage',
      fault,
      'such as: sluice trace https://shop.example.com/cart --from 10.0.0.7',
    );
  await attached(context, (client) => traceOn(context, client, question));
}

export async function traceOn(
  { terminal, options }: VerbContext,
  client: Pick<RuntimeClient, 'trace'>,
  question: TraceQuestion,
): Promise<void> {
  const traced: Trace = await client.trace(question);
  terminal.print(options.json === true ? jsonDocument(traced) : traceText(traced, terminal.color));
  if (!traced.ok) process.exitCode = exitCodes.refused;
}
