// Makes the lab's network from inside the proxy's namespace. Namespaces have no names: each is its process's own, and the
// kernel takes it away with the process, however that ends.
import { spawn } from 'node:child_process';
import { CliFailure } from '../../failure.ts';
import { clientAddress, clientCount, containers, proxyAddress, scannerAddress } from './lab-plan.ts';

/** What `ip -batch` is told here, to link a container's process. */
export function containerLink(index: number, pid: number): string {
  const { gateway } = containers[index]!;
  return `link add pod${index + 1} type veth peer name eth0 netns ${pid}
address add ${gateway}/30 dev pod${index + 1}
link set pod${index + 1} up
`;
}

/** …and in the container, by its own process. */
export function insideContainer(index: number): string {
  const { address, gateway } = containers[index]!;
  return `link set lo up
address add ${address}/30 dev eth0
link set eth0 up
route add default via ${gateway}
`;
}

export function clientsLink(pid: number): string {
  return `link add clients type veth peer name eth0 netns ${pid}
address add ${proxyAddress}/16 dev clients
link set clients up
`;
}

export function insideClients(): string {
  const addresses = [
    ...Array.from({ length: clientCount }, (_, index) => clientAddress(index)),
    scannerAddress,
  ];
  return `link set lo up
link set eth0 up
${addresses.map((address) => `address add ${address}/16 dev eth0`).join('\n')}
route add default via ${proxyAddress}
`;
}

/** Runs a program with a text on its standard input. @throws CliFailure with what it wrote */
export function tell(program: string, args: readonly string[], text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['pipe', 'ignore', 'pipe'] });
    let errors = '';
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      if (errors.length < 4_096) errors += chunk;
    });
    child.stdin.on('error', () => {});
    child.once('error', (error) =>
      reject(new CliFailure('refused', `the lab needs ${program}: ${error.message}`)),
    );
    child.once('close', (code) => {
      if (code === 0) resolve();
      else reject(new CliFailure('refused', `${program} refused to build the lab: ${errors.trim()}`));
    });
    child.stdin.end(text);
  });
}

export const ip = (batch: string): Promise<void> => tell('ip', ['-batch', '-'], batch);
