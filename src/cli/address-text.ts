// An address as --attach takes it. Pure.
import type { Address } from '../domain/plan.ts';

export function addressText(address: Address, scheme: 'ws' | 'wss'): string {
  if (address.kind === 'unix') return `unix:${address.path}`;
  const host = address.host.includes(':') ? `[${address.host}]` : address.host;
  return `${scheme}://${host}:${address.port}`;
}
