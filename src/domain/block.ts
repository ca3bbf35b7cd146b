// Addresses and networks that are blocked: how they are written, and what may stand beside what.

import { contains, type IpBytes, isLoopback, type Network, parseIp, parseNetwork } from './ip.ts';

/** Of a runtime; more would be slow to change, and a list that long wants another tool. */
export const mostBlocks = 10_000;
/** Characters. */
export const longestWhy = 100;

export type ParsedBlock =
  | { readonly ok: true; readonly address: string; readonly network: Network }
  | { readonly ok: false; readonly text: string; readonly remedy?: string };

/** As an operator writes it → canonical, as BlockEntity.address. */
export function parseBlock(text: string): ParsedBlock {
  const wrong = (why: string, remedy?: string): ParsedBlock => ({
    ok: false,
    text: `${text} ${why}`,
    ...(remedy !== undefined && { remedy }),
  });
  if (text.includes('%')) return wrong('has a zone, which packets do not tell', 'write it without %…');
  const network = parseNetwork(text);
  if (network === undefined)
    return wrong(
      'is no address and no network',
      'write 192.0.2.7, 198.51.100.0/24, 2001:db8::7 or 2001:db8::/32',
    );
  const masked = maskedBytes(network);
  const address = networkText({ bytes: masked, bits: network.bits });
  if (network.bits === 0)
    return wrong('is everybody', 'block what is meant; to refuse everybody, stop the binds');
  const noSource = whyNoSource({ bytes: masked, bits: network.bits });
  if (noSource !== undefined) return wrong(...noSource);
  if (masked.some((byte, index) => byte !== network.bytes[index]))
    return wrong('has bits behind its prefix', `did you mean ${address}, or ${ipText(network.bytes)} alone?`);
  return { ok: true, address, network: { bytes: masked, bits: network.bits } };
}

const multicast = [
  { bytes: [224, 0, 0, 0], bits: 4 },
  { bytes: [0xff, ...Array<number>(15).fill(0)], bits: 8 },
];
const oldIpv4: Network = { bytes: Array<number>(16).fill(0), bits: 96 };

/** What no packet comes from. */
function whyNoSource(network: Network): [why: string, remedy: string] | undefined {
  const { bytes, bits } = network;
  const isWithin = (of: Network): boolean => of.bits <= bits && contains(of, bytes);
  if (multicast.some(isWithin))
    return ['is multicast: packets go there, and none comes from there', 'block the address that sends them'];
  const isOne = bits === bytes.length * 8;
  if (isOne && bytes.every((byte) => byte === 0))
    return ['is the address of nobody', 'block what is meant: 192.0.2.7, or a network'];
  // nft writes them in another way than it is told them, and nobody has had one for decades.
  if (isWithin(oldIpv4) && !contains(network, loopback[1]!.bytes)) {
    const meant = networkText({ bytes: bytes.slice(12), bits: bits - 96 });
    return ['is how IPv4 was written in IPv6 once', `did you mean ${meant}?`];
  }
  return undefined;
}

/** Is one of them within the other? Networks never overlap otherwise. */
export function overlap(a: Network, b: Network): boolean {
  return a.bits <= b.bits ? contains(a, b.bytes) : contains(b, a.bytes);
}

/** Somebody whose packets must get through. */
export interface Guarded {
  readonly address: string;
  /** "anna's ssh session", "server web/app1": what would be lost. */
  readonly who: string;
}

const loopback: readonly Network[] = [
  { bytes: [127, 0, 0, 0], bits: 8 },
  { bytes: [...Array<number>(15).fill(0), 1], bits: 128 },
];

/** Who of them would be locked out, each once; and whether nothing could make up for it. */
export function lockedOut(
  network: Network,
  guarded: readonly Guarded[],
): { readonly who: readonly string[]; readonly never: boolean } {
  const who = new Set<string>();
  const never = loopback.some((own) => overlap(own, network));
  if (never) who.add('this machine’s own loopback');
  for (const each of guarded) {
    const bytes = parseIp(each.address);
    if (bytes === undefined || !contains(network, bytes)) continue;
    if (isLoopback(bytes)) continue;
    who.add(`${each.who} (${each.address})`);
  }
  return { who: [...who], never };
}

/** "192.0.2.7", "2001:db8::7" (RFC 5952, 4). */
export function ipText(bytes: IpBytes): string {
  if (bytes.length === 4) return bytes.join('.');
  const groups = Array.from({ length: 8 }, (_, index) => (bytes[index * 2]! << 8) | bytes[index * 2 + 1]!);
  let [start, length] = [-1, 1];
  for (let index = 0; index < 8; index++) {
    let end = index;
    while (end < 8 && groups[end] === 0) end += 1;
    if (end - index > length) [start, length] = [index, end - index];
  }
  const hex = (part: readonly number[]): string => part.map((group) => group.toString(16)).join(':');
  return start < 0 ? hex(groups) : `${hex(groups.slice(0, start))}::${hex(groups.slice(start + length))}`;
}

function networkText({ bytes, bits }: Network): string {
  return bits === bytes.length * 8 ? ipText(bytes) : `${ipText(bytes)}/${bits}`;
}

function maskedBytes({ bytes, bits }: Network): IpBytes {
  return bytes.map((byte, index) => {
    const kept = Math.min(8, Math.max(0, bits - index * 8));
    return byte & (0xff << (8 - kept)) & 0xff;
  });
}
