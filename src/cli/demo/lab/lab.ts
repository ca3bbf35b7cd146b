// The lab, inside its namespace: containers and clients as processes with namespaces of their own, a Service of a cluster, the
// runtime with all that it does with nftables, and the console.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openAttachment } from '../../attachment.ts';
import { chooseLook, loadScreen, showConsole } from '../../console.ts';
import { CliFailure } from '../../failure.ts';
import type { VerbContext } from '../../program.ts';
import { type Entry, entryPath } from '../entry.ts';
import { endAll, startRuntimeChild, whenReady } from '../processes.ts';
import { waitForEnd } from '../wait-for-end.ts';
import { assertInside } from './enter-lab.ts';
import { labConfiguration } from './lab-configuration.ts';
import { clientsLink, containerLink, ip, tell } from './lab-network.ts';
import { containers, foreignTable, proxyAddress } from './lab-plan.ts';

export async function lab(
  context: VerbContext,
  options: { readonly console: boolean; readonly seconds?: number },
): Promise<void> {
  assertInside();
  let ending = false;
  process.once('disconnect', () => ending || process.kill(process.pid, 'SIGHUP'));
  const look = options.console ? await chooseLook(context) : undefined;
  const folder = mkdtempSync(join(tmpdir(), 'sluice-lab-'));
  const children: ChildProcess[] = [];
  try {
    const screen = look && loadScreen();
    screen?.catch(() => {});
    await ip('link set lo up\n');
    await Promise.all(
      containers.map(async (_, index) => {
        const child = await born('lab-servers', [`${index}`], children);
        await ip(containerLink(index, child.pid!));
        await toldBy(child, 'lab-servers');
      }),
    );
    const clients = await born('lab-clients', [folder], children);
    await ip(clientsLink(clients.pid!));
    await toldBy(clients, 'lab-clients');
    await ip(`route add 10.96.0.0/16 dev clients src ${proxyAddress}\n`);
    await tell('nft', ['-f', '-'], foreignTable());
    sysctl('net/ipv4/ip_forward');
    sysctl('net/netfilter/nf_conntrack_acct');
    sysctl('net/netfilter/nf_conntrack_timestamp');
    const file = join(folder, 'sluice.yaml');
    writeFileSync(file, labConfiguration(folder, isWholeRoot() ? 65_537 : 251));
    const runtime = await startRuntimeChild(file);
    children.unshift(runtime.child);
    const url = `unix:${join(folder, 'control.sock')}`;
    const client = await openAttachment({ ...context, options: { ...context.options, attach: url } }, true);
    await toldBy(clients, 'lab-clients');
    if (look && screen) await showConsole(context, client, await screen, look, options.seconds);
    else await waitForEnd(context, client, url, runtime.child, options.seconds);
  } finally {
    ending = true;
    await endAll(children, 5_000);
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    // The life line would keep this process.
    if (process.connected) process.disconnect?.();
  }
}

/** A process in a network namespace of its own, which is its, and only its. */
async function born(entry: Entry, args: readonly string[], children: ChildProcess[]): Promise<ChildProcess> {
  const child = spawn('unshare', ['-n', process.execPath, entryPath(entry), ...args], {
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  children.push(child);
  await whenReady(child, entry, (ready) => child.once('message', ready));
  return child;
}

/** Goes on with what it has to do next; resolves once it says that it did. */
async function toldBy(child: ChildProcess, name: string): Promise<void> {
  const done = new Promise<void>((resolve, reject) => {
    child.once('message', () => resolve());
    child.once('close', () => reject(new CliFailure('refused', `the lab's ${name} ended`)));
  });
  child.send('go');
  await done;
}

/** In this namespace, which is ours: the machine's own is not changed. What cannot be set is told of by the runtime. */
function sysctl(name: string): void {
  try {
    writeFileSync(`/proc/sys/${name}`, '1\n');
  } catch {}
}

/** Root of the machine may hand the kernel as much as it likes at once; root of a user's namespace may not. */
function isWholeRoot(): boolean {
  const map = readFileSync('/proc/self/uid_map', 'utf8').trim().split(/\s+/);
  return map[0] === '0' && map[1] === '0';
}
