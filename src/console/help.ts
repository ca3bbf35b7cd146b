// The help: made from the table of keys, the fields of filters, and the signs that screens use.

import { filterFields } from '../domain/filter-fields.ts';
import { descriptionOf, type Scope, scopeTitles } from './binding.ts';
import { bindings } from './bindings.ts';
import { heading } from './facts.ts';
import type { Line, Tone } from './frame.ts';
import { shownKey } from './keys.ts';
import { blank, line, muted, span } from './spans.ts';
import type { ScreenId } from './state.ts';
import { cut, padEnd, wrap } from './text.ts';

const signs: readonly (readonly [sign: string, tone: Tone, meaning: string])[] = [
  ['●', 'good', 'up, live, done'],
  ['▼', 'bad', 'down, failed, or serves nobody'],
  ['◐', 'drain', 'draining: takes no new clients and runs empty'],
  ['◼', 'maint', 'maint: takes no clients, is not checked'],
  ['▲', 'warning', 'wants to be looked at'],
  ['?', 'unknown', 'not known, or not checked'],
  ['◌', 'stale', 'not the present: what is shown is how it was'],
  ['≠', 'warning', 'not what the configuration says'],
  ['═ ─', 'accent', 'on a ladder: over TLS, and plain; ╪ and ┼ pass through Sluice untouched'],
  ['█ ▓ ░', 'bar', 'a spread: up to the mean, beyond it, short of it; in a plan: stays, comes, leaves'],
  ['⇢', 'accent', 'sent on by the kernel: nftables translates the address, no process of ours carries it'],
  ['–', 'muted', 'not known, which is not zero'],
  ['↓ ↑', 'text', 'bytes from clients, and to clients'],
];

/** Keys of the screen first, then those that are the same everywhere. */
export function helpLines(screen: ScreenId, width: number, version: string, demo: boolean): Line[] {
  const scopes: Scope[] = [
    screen,
    'list',
    'everywhere',
    'dialog',
    ...(screen === 'routes' ? (['switch'] as const) : []),
    ...(screen === 'shards' || screen === 'routes' ? (['what-if'] as const) : []),
    'trace',
    ...(screen === 'nftables' || screen === 'connections' ? (['block'] as const) : []),
  ];
  return [
    heading(`Sluice ${version}`),
    blank,
    ...scopes.flatMap((scope) => [heading(scopeTitles[scope]), ...keysOf(scope, demo, width), blank]),
    ...(screen === 'connections' ? [heading('Filter'), ...filterHelp(width), blank] : []),
    heading('Signs'),
    ...signs.map(([sign, tone, meaning]) => line(span(`   ${padEnd(sign, 4)}`, tone), span(meaning))),
    blank,
    ...wrap(
      'Admin is what somebody wants of a server; state is what checks see of it. Rates are over one second, latencies over the last ten. "Drained" is said only when nothing is left, nobody idle could come back, and nothing came for a while. TLS modes: passthrough (pass) leaves the bytes to the server, edge ends TLS here, reencrypt (reenc) ends it here and speaks TLS to the server.',
      width - 4,
    ).map((text) => line(muted(`   ${text}`))),
  ];
}

function keysOf(scope: Scope, demo: boolean, width: number): Line[] {
  return bindings
    .filter((binding) => binding.scope === scope)
    .flatMap((binding) => {
      const shown = binding.keys.map(shownKey).join(' ');
      return wrap(descriptionOf(binding, demo), width - 18).map((text, index) =>
        line(span(`   ${padEnd(index === 0 ? shown : '', 14)}`, 'key'), span(text)),
      );
    });
}

function filterHelp(width: number): Line[] {
  const examples = 24;
  const meanings = Math.max(10, Math.min(70, width - 3 - 11 - examples - 1));
  return [
    ...filterFields.map(({ name, meaning, example }) =>
      line(
        span(`   ${padEnd(name, 11)}`, 'key'),
        span(padEnd(cut(meaning, meanings - 1), meanings)),
        muted(cut(example, examples)),
      ),
    ),
    ...wrap(
      '= equal, != not equal, ~ contains, < > <= >=. A blank is "and"; or, not and ( ) join conditions. A bare word is looked for in client, host, path, server and route.',
      width - 4,
    ).map((text) => line(muted(`   ${text}`))),
  ];
}
