// What the kernel's `jhash` expression makes of client addresses: asked through nftables in a network namespace of its own,
// where every address is local, with a packet from each.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { steeringSeed } from '../../src/domain/maglev.ts';

export type HashedPart = 'ip saddr' | 'ip6 saddr' | 'ip6 saddr & ffff:ffff:ffff:ffff::';

const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` };
const sender = join(import.meta.dirname, 'send-from.ts');

/** Undefined where it can be asked; else why not. */
export function kernelSlotsFault(): string | undefined {
  const asked = inNamespace('nft add table inet probe && ip link set lo up', '');
  return asked.status === 0
    ? undefined
    : `no namespace with nftables: ${asked.text.trim().split('\n').at(-1)}`;
}

/** By address, as the kernel writes it. */
export function kernelSlots(
  addresses: readonly string[],
  size: number,
  part: HashedPart,
): ReadonlyMap<string, number> {
  const family = part.startsWith('ip6') ? 'ipv6_addr' : 'ipv4_addr';
  const address = part.split(' &')[0];
  const rules = `table inet steering {
    set slots { type ${family} . mark; flags dynamic; size 65535; }
    chain out {
      type filter hook output priority 0
      meta l4proto udp meta mark set jhash ${part} mod ${size} seed ${steeringSeed} add @slots { ${address} . meta mark }
    }
  }`;
  const asked = inNamespace(
    `printf '%s' '${rules}' | nft -f - &&
     ip link set lo up && ip route add local 0.0.0.0/0 dev lo && ip -6 route add local ::/0 dev lo &&
     echo 1 > /proc/sys/net/ipv6/ip_nonlocal_bind && '${process.execPath}' '${sender}' && nft -nj list set inet steering slots`,
    `${addresses.join('\n')}\n`,
  );
  if (asked.status !== 0) throw new Error(`the kernel could not be asked: ${asked.text}`);
  const { nftables } = JSON.parse(asked.text) as {
    nftables: readonly { set?: { elem?: readonly Elem[] } }[];
  };
  const elements = nftables.flatMap(({ set }) => set?.elem ?? []);
  return new Map(
    elements.map((elem) => {
      const [from, mark] = 'elem' in elem ? elem.elem.val.concat : elem.concat;
      return [from, Number(mark)];
    }),
  );
}

interface Pair {
  readonly concat: readonly [address: string, mark: number | string];
}
type Elem = Pair | { readonly elem: { readonly val: Pair } };

function inNamespace(
  script: string,
  input: string,
): { readonly status: number | null; readonly text: string } {
  const { status, stdout, stderr, error } = spawnSync('unshare', ['-Urn', 'sh', '-ec', script], {
    env,
    input,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  return { status, text: status === 0 ? stdout : `${error?.message ?? ''}${stderr}` };
}
