// IP addresses and networks as bytes, for matching clients. IPv4-mapped IPv6 counts as IPv4: a dual-stack bind
// reports 10.2.0.7 as ::ffff:10.2.0.7.

/** 4 or 16 bytes. */
export type IpBytes = readonly number[];

export interface Network {
  readonly bytes: IpBytes;
  readonly bits: number;
}

export function parseIp(text: string): IpBytes | undefined {
  if (!text.includes(':')) return parseV4(text);
  const bytes = parseV6(text.replace(/%[^%]*$/, ''));
  if (bytes?.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 0xff && bytes[11] === 0xff)
    return bytes.slice(12);
  return bytes;
}

/** "10.0.0.0/8", "2001:db8::/32", or a single address. Bits behind the prefix are ignored. */
export function parseNetwork(text: string): Network | undefined {
  const slash = text.indexOf('/');
  const bytes = parseIp(slash < 0 ? text : text.slice(0, slash));
  if (!bytes) return undefined;
  if (slash < 0) return { bytes, bits: bytes.length * 8 };
  const prefix = text.slice(slash + 1);
  if (!/^\d{1,3}$/.test(prefix)) return undefined;
  const mapped = bytes.length === 4 && text.slice(0, slash).includes(':');
  const bits = Number(prefix) - (mapped ? 96 : 0);
  return bits >= 0 && bits <= bytes.length * 8 ? { bytes, bits } : undefined;
}

export function contains(network: Network, address: IpBytes): boolean {
  if (network.bytes.length !== address.length) return false;
  const whole = network.bits >> 3;
  for (let index = 0; index < whole; index++) if (network.bytes[index] !== address[index]) return false;
  const rest = network.bits & 7;
  return rest === 0 || network.bytes[whole]! >> (8 - rest) === address[whole]! >> (8 - rest);
}

/** 127.0.0.0/8 and ::1: what only this machine can reach. */
export function isLoopback(address: IpBytes): boolean {
  return address.length === 4
    ? address[0] === 127
    : address.every((byte, index) => byte === (index === 15 ? 1 : 0));
}

/** The address of "10.2.0.7:51811" and "[2001:db8::7]:61002"; a unix socket's client has none. */
export function ipOfEndpoint(endpoint: string): IpBytes | undefined {
  if (endpoint.startsWith('[')) return parseIp(endpoint.slice(1, endpoint.indexOf(']')));
  const colon = endpoint.lastIndexOf(':');
  return parseIp(colon < 0 ? endpoint : endpoint.slice(0, colon));
}

function parseV4(text: string): IpBytes | undefined {
  const parts = text.split('.');
  // A leading zero is octal to some and decimal to others, so it is neither here.
  if (parts.length !== 4 || !parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256))
    return undefined;
  return parts.map(Number);
}

function parseV6(text: string): IpBytes | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const head = groupsOf(halves[0]!, halves.length === 1);
  const tail = halves.length === 2 ? groupsOf(halves[1]!, true) : [];
  if (!head || !tail) return undefined;
  const missing = 16 - head.length - tail.length;
  if (halves.length === 1 ? missing !== 0 : missing < 2) return undefined;
  return [...head, ...Array<number>(missing).fill(0), ...tail];
}

/** Bytes of "2001:db8:0" and, at the very end, "ffff:10.0.0.1". */
function groupsOf(text: string, mayEndInV4: boolean): number[] | undefined {
  if (text === '') return [];
  const groups = text.split(':');
  const bytes: number[] = [];
  for (const [index, group] of groups.entries()) {
    if (/^[0-9a-f]{1,4}$/i.test(group)) {
      const value = Number.parseInt(group, 16);
      bytes.push(value >> 8, value & 0xff);
    } else {
      const last = mayEndInV4 && index === groups.length - 1 ? parseV4(group) : undefined;
      if (!last) return undefined;
      bytes.push(...last);
    }
  }
  return bytes.length <= 16 ? bytes : undefined;
}
