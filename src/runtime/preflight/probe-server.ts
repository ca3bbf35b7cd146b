// What really answers on a server's port, for the mode that its route is to be switched to: TLS or plain HTTP where that
// is expected, and where it is not what else it is, so that the finding can say it.

import type { Address } from '../../domain/plan.ts';
import type { ServerTrust } from '../checks/server-trust.ts';
import { askPlain, type PlainAnswer } from './plain-probe.ts';
import { askTls, type ShownTls, type TlsAnswer } from './tls-probe.ts';

export interface ProbeTarget {
  readonly address: Address;
  /** How TLS would be spoken there. */
  readonly trust: ServerTrust;
  /** What traffic of the mode needs there: `tls` alone (passthrough), HTTP over TLS (reencrypt), plain HTTP (edge). */
  readonly expected: 'tls' | 'https' | 'http';
  /** The request that a server is asked, which must change nothing: that of its check, where it has one. */
  readonly method: string;
  readonly path: string;
  readonly host: string;
}

export interface Probed {
  /** Where TLS is expected, or looked for because plain HTTP was not found. */
  readonly tls?: TlsAnswer;
  /** Where plain HTTP is expected, or looked for because TLS was not found. */
  readonly plain?: PlainAnswer;
  /** What it shows to a client that names no server: `same`, another certificate's names, or a refusal. */
  readonly withoutSni?: 'same' | { readonly names: readonly string[] } | { readonly refused: string };
}

export type ServerProbe = (target: ProbeTarget, abort: AbortSignal) => Promise<Probed>;

/** For each of at most three connections. */
const timeoutMs = 3_000;

export const probeServer: ServerProbe = async (target, abort) => {
  const { address, trust, expected, method, path, host } = target;
  const asking = { address, method, path, host, timeoutMs, abort };
  if (expected === 'http') {
    const plain = await askPlain(asking);
    const doubtful =
      plain.kind === 'tls' ||
      plain.kind === 'silent' ||
      plain.kind === 'other' ||
      (plain.kind === 'http' && plain.status === 400);
    return doubtful ? { plain, tls: await askTls(trust, asking, false) } : { plain };
  }
  const tls = await askTls(trust, asking, expected === 'https');
  if (tls.kind === 'failed' && tls.failure.fault !== 'certificate' && tls.failure.fault !== 'handshake')
    return { tls, plain: await askPlain(asking) };
  if (tls.kind !== 'tls' || trust.serverName === undefined) return { tls };
  return { tls, withoutSni: await shownWithoutSni(target, tls, abort) };
};

async function shownWithoutSni(
  { address, trust, method, path, host }: ProbeTarget,
  { certificate: { fingerprint } }: ShownTls,
  abort: AbortSignal,
): Promise<NonNullable<Probed['withoutSni']>> {
  const { serverName: _, ...nameless } = trust;
  const answer = await askTls(nameless, { address, method, path, host, timeoutMs, abort }, false);
  if (answer.kind === 'tls')
    return answer.certificate.fingerprint === fingerprint ? 'same' : { names: answer.certificate.names };
  return { refused: answer.kind === 'failed' ? answer.failure.text : answer.text };
}
