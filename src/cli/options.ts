// What commander hands to a verb, as types; and the parsing of single values, refused in words. Pure.
import { InvalidArgumentError } from 'commander';
import type { DeadlineAction } from '../domain/command.ts';
import type { ConnectionOrder } from '../domain/connection.ts';
import type { Milliseconds, ServerKey } from '../domain/plan.ts';
import { parseDuration } from '../domain/units.ts';

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
