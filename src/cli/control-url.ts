// A control address as --attach takes it. Pure.
import { addressText } from '../config/addresses.ts';
import type { ControlListen } from '../domain/plan.ts';

export function controlUrl({ address, tls }: ControlListen): string {
  if (address.kind === 'unix') return `unix:${address.path}`;
  return `${tls === undefined ? 'ws' : 'wss'}://${addressText(address)}`;
}
