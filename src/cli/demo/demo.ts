// `sluice demo`: servers, runtime and clients as child processes, the console here, over the same socket as always.
// When this process ends, for whatever reason, the children leave and the private folder goes.
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RuntimeClient } from '../../client/runtime-client.ts';
import { openAttachment } from '../attachment.ts';
import { chooseLook, loadScreen, noTerminal, showConsole } from '../console.ts';
import { CliFailure } from '../failure.ts';
import type { VerbContext } from '../program.ts';
import { type DemoPorts, demoConfiguration } from './configuration.ts';
import { enterLab } from './lab/enter-lab.ts';
import { lab } from './lab/lab.ts';
import { endAll, startRuntimeChild, startTold } from './processes.ts';
import { waitForEnd } from './wait-for-end.ts';

export interface DemoOptions {
  /** commander's `--no-console`. */
  readonly console: boolean;
  readonly seconds?: number;
  /** In network namespaces, with nftables. */
  readonly lab?: boolean;
  /** It is in its namespace already. */
  readonly inside?: boolean;
}

export async function demo(context: VerbContext, options: DemoOptions): Promise<void> {
  if (options.console && (process.stdout.isTTY !== true || process.stdin.isTTY !== true)) {
    const { message } = noTerminal();
    throw new CliFailure('usage', message, 'run the demo without it: sluice demo --no-console');
  }
  if (options.lab === true) {
    if (options.inside === true) await lab(context, options);
    else process.exitCode = await enterLab([...process.argv.slice(2), '--inside']);
    return;
  }
  const look = options.console ? await chooseLook(context) : undefined;
  const folder = mkdtempSync(join(tmpdir(), 'sluice-demo-'));
  const children: ChildProcess[] = [];
  try {
    const screen = look && loadScreen();
    screen?.catch(() => {});
    const servers = await startTold('demo-servers', [folder]);
    children.push(servers.child);
    const file = join(folder, 'sluice.yaml');
    writeFileSync(file, demoConfiguration(folder, (servers.told as { ports: DemoPorts }).ports));
    const runtime = await startRuntimeChild(file);
    children.unshift(runtime.child);
    const url = `unix:${join(folder, 'control.sock')}`;
    const client = await openAttachment({ ...context, options: { ...context.options, attach: url } }, true);
    const clients = await startTold('demo-clients', [
      folder,
      bindPort(client, 'web'),
      bindPort(client, 'secure'),
      bindPort(client, 'db'),
      bindPort(client, 'sharded-web'),
      bindPort(client, 'sharded-secure'),
    ]);
    // Clients leave first, so that nobody is cut off by the runtime's end.
    children.unshift(clients.child);
    if (look && screen) await showConsole(context, client, await screen, look, options.seconds);
    else await waitForEnd(context, client, url, runtime.child, options.seconds);
  } finally {
    await endAll(children, 5_000);
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

function bindPort(client: RuntimeClient, name: string): string {
  const address = client.model.bind.get(name)?.address;
  if (address === undefined) throw new CliFailure('refused', `the demo's bind "${name}" did not come up`);
  return address.slice(address.lastIndexOf(':') + 1);
}
