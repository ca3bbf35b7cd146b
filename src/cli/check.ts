// `sluice check`: is this configuration right? Everything that is wrong is told at once. `--schema` is for editors,
// `--protocol` for whoever writes another client.
import { plannedCertificates } from '../domain/certificate-choice.ts';
import { CliFailure, exitCodes } from './failure.ts';
import { jsonDocument } from './json.ts';
import type { VerbContext } from './program.ts';
import { count } from './wording.ts';

export interface CheckOptions {
  readonly config?: string;
  readonly schema?: boolean;
  readonly protocol?: boolean;
}

export async function check(
  { terminal, options: { json } }: VerbContext,
  options: CheckOptions,
): Promise<void> {
  if (options.schema === true) {
    const { configSchema } = await import('../config/schema.ts');
    terminal.print(jsonDocument(configSchema()));
    return;
  }
  if (options.protocol === true) {
    const { openRpc } = await import('../protocol/open-rpc.ts');
    terminal.print(jsonDocument(openRpc()));
    return;
  }
  if (options.config === undefined) {
    throw new CliFailure('usage', 'check what?', 'name the file: sluice check -c sluice.yaml');
  }
  const { checkedPlan, loadChecked } = await import('./checked-plan.ts');
  if (json === true) {
    const result = await loadChecked(options.config);
    // The text of the file itself is with whoever asks.
    const { source: _, ...told } = result;
    terminal.print(jsonDocument(told));
    if (!result.ok) process.exitCode = exitCodes.usage;
    return;
  }
  const plan = await checkedPlan(terminal, options.config);
  const { shards, routes, backends, hash } = plan;
  const certificates = plannedCertificates(plan).length;
  const binds = shards.reduce((sum, shard) => sum + shard.binds.length, 0);
  const servers = backends.reduce((sum, backend) => sum + backend.servers.length, 0);
  const parts = [
    ...(shards.length > 1 ? [count(shards.length, 'shard')] : []),
    count(binds, 'bind'),
    ...(certificates === 0 ? [] : [count(certificates, 'certificate')]),
    count(routes.length, 'route'),
    count(backends.length, 'backend'),
  ];
  terminal.print(
    `${options.config} is right: ${parts.join(', ')}, ${count(servers, 'server')}; plan ${hash}`,
  );
}
