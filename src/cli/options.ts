// What commander hands to a verb, as types; and the parsing of single values, refused in words. Pure.
import { InvalidArgumentError } from 'commander';
import type { DeadlineAction } from '../domain/command.ts';
import type { ConnectionOrder } from '../domain/connection.ts';
import type { Milliseconds, ServerKey } from '../domain/plan.ts';
import { formatDuration, parseDuration } from '../domain/units.ts';

/** Understood by every verb. */
export interface GlobalOptions {
  readonly attach?: string;
  readonly tokenFile?: string;
  readonly ca?: string;
  readonly clientCert?: string;
  readonly clientKey?: string;
  readonly json?: boolean;
  readonly theme?: string;
  readonly slow?: boolean;
  readonly yes?: boolean;
}

export function serverKeyArgument(text: string): ServerKey {
  if (!/^[^/\s]+\/[^/\s]+$/.test(text)) {
    throw new InvalidArgumentError('Write it as BACKEND/SERVER, such as web/app1.');
  }
  return text as ServerKey;
}

export function routeArgument(text: string): string {
  if (!/^[A-Za-z0-9_.:-]{1,200}$/.test(text)) {
    throw new InvalidArgumentError('Give the name of a route, as `sluice show routes` lists them.');
  }
  return text;
}

/** What an operator may have changed: of a server its state or weight, of a route its TLS mode, or a drift of shape. */
export type Overridden =
  | { readonly server: ServerKey }
  | { readonly route: string }
  /** "default:instances", "sharded:routeSelector", "shop:labels". */
  | { readonly drift: string };

export function overriddenArgument(text: string): Overridden {
  if (text.includes('/')) return { server: serverKeyArgument(text) };
  if (/^[A-Za-z0-9_.:-]{1,200}:(?:instances|routeSelector|labels)$/.test(text)) return { drift: text };
  return { route: routeArgument(text) };
}

/** "5%", "0.5%" or "0.05": a share from 0 to 1. */
export function shareArgument(text: string): number {
  const match = /^(\d{1,3}(?:\.\d{1,6})?)\s?(%?)$/.exec(text.trim());
  const value = match === null ? Number.NaN : Number(match[1]) / (match[2] === '%' ? 100 : 1);
  if (!(value >= 0 && value <= 1))
    throw new InvalidArgumentError('Give a share from 0% to 100%, such as 5%.');
  return value;
}

export function boundedDurationArgument(longest: Milliseconds): (text: string) => Milliseconds {
  return (text) => {
    const value = durationArgument(text);
    if (value > longest) throw new InvalidArgumentError(`At most ${formatDuration(longest)}.`);
    return value;
  };
}

/** 0 is "no deadline". */
export function durationArgument(text: string): Milliseconds {
  const parsed = parseDuration(text);
  if (!parsed.ok) throw new InvalidArgumentError(`${parsed.message}: ${parsed.remedy}.`);
  return parsed.value;
}

export function wholeNumberArgument(from: number, to: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < from || value > to) {
      throw new InvalidArgumentError(`Give a whole number from ${from} to ${to}.`);
    }
    return value;
  };
}

export const deadlineActions: readonly DeadlineAction[] = ['wait', 'kill', 'maint', 'ready'];

const orders: readonly ConnectionOrder['by'][] = [
  'age',
  'idle',
  'bytesIn',
  'bytesOut',
  'rate',
  'requests',
  'client',
  'server',
  'phase',
];

/** "age" is descending, as one wants it; "+age" or "-age" say it. */
export function orderArgument(text: string): ConnectionOrder {
  const by = orders.find((order) => order.toLowerCase() === text.replace(/^[+-]/, '').toLowerCase());
  if (by === undefined) throw new InvalidArgumentError(`Sort by one of ${orders.join(', ')}.`);
  return { by, descending: !text.startsWith('+') };
}
