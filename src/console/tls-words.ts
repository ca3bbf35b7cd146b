// TLS modes as a console says them: the short word of a narrow column, what each does, and how to a server is spoken.

import type { Termination } from '../domain/tls.ts';
import type { TlsSwitch } from '../domain/tls-switch.ts';

export const shortModes: Readonly<Record<Termination, string>> = {
  passthrough: 'pass',
  edge: 'edge',
  reencrypt: 'reenc',
};

/** One way to draw them everywhere: TLS is double, plain is single, and what is ours stands between. */
export const modePictures: Readonly<Record<Termination, { readonly way: string; readonly meaning: string }>> =
  {
    passthrough: {
      way: 'client ════════ TLS ════════ server',
      meaning: "bytes untouched: the server's own certificate, no HTTP seen",
    },
    edge: {
      way: 'client ══ TLS ══ Sluice ── plain ── server',
      meaning: 'our certificate; what goes to the server can be read',
    },
    reencrypt: {
      way: 'client ══ TLS ══ Sluice ══ TLS ══ server',
      meaning: 'our certificate; the server shows its own to us',
    },
  };

/** Of a switch's `before` and `after`: the share that failed; undefined where nothing came by. */
export function failedShare(fares: TlsSwitch['before']): number | null {
  return fares === null || fares.attempts === 0 ? null : fares.failures / fares.attempts;
}
