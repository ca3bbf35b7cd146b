// `service:` of a server: an address that nftables translates to those of endpoints.

import * as z from 'zod';
import type { Address } from '../domain/plan.ts';
import { parseServerAddress } from './addresses.ts';
import { defaults } from './defaults.ts';
import { choice, type Parsed, text, wholeNumber } from './values.ts';

type IpAddress = Address & { readonly kind: 'ip' };

function parseIpAddress(written: string): Parsed<IpAddress> {
  const parsed = parseServerAddress(written);
  if (!parsed.ok) return parsed;
  const { value } = parsed;
  return value.kind === 'ip'
    ? { ok: true, value }
    : { ok: false, message: 'is not an address of a network', remedy: 'write IP:PORT or [IPv6]:PORT' };
}

const endpoint = z.preprocess(
  (value) => (typeof value === 'string' ? { address: value } : value),
  z
    .strictObject({
      address: text(parseIpAddress, 'IP:PORT or [IPv6]:PORT', ['10.1.0.5:8080']),
      weight: wholeNumber(1, 256, 'Share of the connections').prefault(defaults.endpointWeight),
    })
    .meta({ description: 'Where connections really go: an address, or one with a weight' }),
);

export const service = z
  .strictObject({
    address: text(parseIpAddress, 'IP:PORT or [IPv6]:PORT that nobody listens on', ['10.96.0.10:80']),
    pick: choice(
      ['random', 'hash'],
      'How an endpoint is chosen for each connection: at random, or by where it comes from',
    ).prefault(defaults.servicePick),
    endpoints: z.array(endpoint).min(1).max(1_000),
  })
  .meta({ description: 'An address that nftables translates to those of endpoints, such as containers' });
