// What the kernel tracks of connections: the conntrack program, read line by line (conntrack(8), `-o id,extended`).

import type { Usable } from '../../domain/kernel.ts';

export interface Conntrack {
  usable(): Promise<{ readonly list: Usable; readonly accounting: Usable }>;
  /** TCP connections that match, in no order, at most `limit` of them; `more` where there are others. @throws ConntrackError */
  list(query: FlowQuery): Promise<{ readonly flows: readonly Flow[]; readonly more: boolean }>;
  /** Forgets one. False where it is not there. @throws ConntrackError */
  forget(flow: Flow): Promise<boolean>;
}

export interface FlowQuery {
  /** Only those whose address was translated. */
  readonly translated?: boolean;
  /** Where clients sent their packets. */
  readonly originalPort?: number;
  readonly originalAddress?: string;
  readonly sourceAddress?: string;
  readonly sourcePort?: number;
  readonly limit: number;
}

/** Addresses as the kernel writes them. */
export interface Flow {
  readonly id: number;
  readonly family: 'ipv4' | 'ipv6';
  /** "ESTABLISHED", "TIME_WAIT" … (nf_conntrack_proto_tcp). */
  readonly state: string;
  readonly timeoutS: number;
  readonly original: FlowSide;
  /** Seen from the other side: its source is who answers. */
  readonly reply: FlowSide;
  /** Wall clock, where net.netfilter.nf_conntrack_timestamp is on. */
  readonly startedAt?: number;
}

export interface FlowSide {
  readonly source: string;
  readonly sourcePort: number;
  readonly destination: string;
  readonly destinationPort: number;
  readonly packets?: number;
  readonly bytes?: number;
}

export class ConntrackError extends Error {
  override readonly name = 'ConntrackError';
}
