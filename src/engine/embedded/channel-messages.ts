// What an acceptor and its instances say over the channel they were forked with: the only one that carries sockets.
// Both ends may be of different releases: an acceptor outlives the runtime that started it.

import type { InForce } from './held-plan.ts';

/** Where a listening socket is bound. */
export type SocketPlace =
  | { readonly host: string; readonly port: number }
  /** A unix socket. */
  | { readonly path: string };

/** `own`: the instance accepts on its copy. `handed`: the acceptor accepts and hands over; the copy is for when it is gone. */
export type AcceptWay = 'own' | 'handed';

export type FromChild =
  /** It wants the listening socket of this place, under this key. */
  | ({ readonly ask: number; readonly key: string } & SocketPlace)
  /** It listens there no more. */
  | { readonly release: string }
  /** It serves, on these sockets and no others. What its forerunner had besides is let go. */
  | { readonly keep: readonly string[] }
  /** Comes with a copy of a listening socket, which the acceptor asked to have back. */
  | { readonly copy: number }
  /** It was told to leave by a signal, and waits for its successor. */
  | { readonly succeed: true }
  /** It leaves, without waiting. */
  | { readonly leaving: true }
  /** It was stopped by the runtime, for good. */
  | { readonly stopped: true }
  /** It has no plan, and no runtime that could give it one. */
  | { readonly planless: true }
  /** It listens on this private socket; comes with another copy of it. */
  | { readonly spare: number }
  /** Answers a ping. */
  | { readonly pong: true };

/** `entry` names the listening socket from then on. */
export type ToChild =
  /** Comes with a copy of the socket. */
  | {
      readonly socket: number;
      readonly entry: number;
      readonly way: AcceptWay;
      /** The acceptor polls its own and wants an unpolled copy. */
      readonly copyBack: boolean;
    }
  | { readonly socket: number; readonly errno: number }
  /** Comes with a copy that is not to be polled. */
  | { readonly turn: number; readonly way: 'handed' }
  /** Accept on the copy from now on, and send another one back. */
  | { readonly turn: number; readonly way: 'own' }
  /** Somebody else goes on: finish what is carried. */
  | { readonly leave: true }
  /** What every instance had when the runtime went. */
  | { readonly plan: InForce }
  /** Comes with a private socket, of the listening socket with this number (private-sockets.ts): accept there, too. */
  | { readonly private: number; readonly of: number }
  /** Send another copy of it. */
  | { readonly spare: number }
  /** Nobody is sent to this private socket any more. */
  | { readonly without: number }
  | { readonly ping: true }
  /** Comes with an accepted socket of the entry with this number. */
  | number;

/** A handle of Node's TCP or pipe wrap: a `net.Socket` or `net.Server` without its JavaScript. */
export interface NativeHandle {
  close(): void;
  /** 0, or a negative error number. */
  listen(backlog: number): number;
  getsockname?(out: object): number;
  getpeername?(out: object): number;
  setNoDelay?(on: boolean): number;
  onconnection?: (status: number, client: NativeHandle) => void;
}

export function isFromChild(message: unknown): message is FromChild {
  if (typeof message !== 'object' || message === null) return false;
  const fields = message as Record<string, unknown>;
  if ('ask' in fields)
    return (
      Number.isSafeInteger(fields.ask) &&
      typeof fields.key === 'string' &&
      (typeof fields.path === 'string' || (typeof fields.host === 'string' && Number.isInteger(fields.port)))
    );
  if ('release' in fields) return typeof fields.release === 'string';
  if ('keep' in fields) return Array.isArray(fields.keep);
  if ('copy' in fields) return Number.isSafeInteger(fields.copy);
  if ('spare' in fields) return Number.isSafeInteger(fields.spare);
  return (
    'pong' in fields ||
    'succeed' in fields ||
    'leaving' in fields ||
    'stopped' in fields ||
    'planless' in fields
  );
}
