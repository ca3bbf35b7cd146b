// Who is at the other end: by the socket's mode, a token, or a client certificate. Failures cost a peer time.

import type { TLSSocket } from 'node:tls';
import { ipText } from '../../domain/block.ts';
import type { Clock } from '../../domain/clock.ts';
import { parseIp } from '../../domain/ip.ts';
import type { ControlListen } from '../../domain/plan.ts';
import { safe } from '../../domain/safe.ts';
import type { Params } from '../../protocol/methods.ts';
import type { Identified } from './services.ts';
import { findToken, readTokens, type TokenEntry } from './tokens.ts';

export interface Peer {
  /** "local" for a unix socket, else the address without its port. */
  readonly from: string;
  readonly unix: boolean;
  /** From `Authorization: Bearer`. */
  readonly bearer?: string;
  /** Common name of a client certificate that the listener's CA signed. */
  readonly certificate?: string;
}

/** How long a peer's next try is held back after `failures` of them. */
export const failureDelayMs = (failures: number): number =>
  failures === 0 ? 0 : Math.min(200 * 2 ** failures, 10_000);

const forgetAfterMs = 600_000;
const peersRemembered = 1_000;

/** One for each listener: `failures` are counted by peer address. */
export function createIdentifier(listen: ControlListen, clock: Clock) {
  const failures = new Map<string, { count: number; at: number }>();

  const delay = (ms: number): Promise<void> =>
    ms === 0 ? Promise.resolve() : new Promise((resolve) => void clock.after(ms, resolve));

  async function refuse(peer: Peer, text: string): Promise<Identified> {
    const earlier = failures.get(peer.from);
    const recent = earlier && clock.now() - earlier.at < forgetAfterMs ? earlier.count : 0;
    failures.delete(peer.from);
    failures.set(peer.from, { count: recent + 1, at: clock.now() });
    if (failures.size > peersRemembered) failures.delete(failures.keys().next().value!);
    await delay(failureDelayMs(recent + 1));
    return { refused: text };
  }

  return async (peer: Peer, hello: Params<'hello'>): Promise<Identified> => {
    const from = placeOf(peer, hello);
    const always = { stillHolds: () => Promise.resolve(true) };
    if (peer.certificate !== undefined)
      return {
        identity: {
          actor: { name: safe(peer.certificate, 60), from },
          role: 'operator',
          ...always,
        },
      };
    const { tokens } = listen;
    if (tokens === undefined) {
      if (listen.tls?.clientCa) return refuse(peer, 'a client certificate is needed here');
      const claimed = peer.unix ? hello.user : undefined;
      return {
        identity: {
          actor: { name: safe(claimed?.trim() || 'local', 60), from },
          role: 'operator',
          ...always,
        },
      };
    }
    const token = peer.bearer ?? hello.token;
    if (token === undefined) return refuse(peer, 'a token is needed here');
    const find = async (): Promise<TokenEntry | undefined> => findToken(await readTokens(tokens), token);
    const entry = await find();
    if (!entry) return refuse(peer, 'no such token');
    failures.delete(peer.from);
    return {
      identity: {
        actor: { name: safe(entry.name, 60), from },
        role: entry.role,
        // A tokens file that cannot be read any more proves nothing: what was granted is taken back.
        stillHolds: () =>
          find().then(
            (now) => now?.role === entry.role && now.name === entry.name,
            () => false,
          ),
      },
    };
  };
}

/** Where he sits, for the journal: on a unix socket as far as he tells it himself, like his name. */
function placeOf({ unix, from }: Peer, { ssh }: Params<'hello'>): string {
  const client = unix && ssh !== undefined ? parseIp(ssh) : undefined;
  return client === undefined ? from : `${from}, ssh from ${ipText(client)}`;
}

export function certificateName(socket: TLSSocket): string | undefined {
  if (!socket.authorized) return undefined;
  const { CN } = socket.getPeerCertificate().subject;
  return (Array.isArray(CN) ? CN[0] : CN) ?? 'client certificate';
}
