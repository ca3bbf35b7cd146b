// The palette: what `:` finds. Commands of this screen and of everywhere, screens, backends, servers, routes, certificates.

import type { ServerKey } from '../domain/plan.ts';
import { type Binding, descriptionOf } from './binding.ts';
import { bindings } from './bindings.ts';
import type { Block } from './block.ts';
import { boxed } from './box.ts';
import { certificateName } from './certificate-look.ts';
import { fuzzyScore } from './fuzzy.ts';
import { shownKey } from './keys.ts';
import { type ListCursor, settleCursor } from './list-cursor.ts';
import type { KeyContext } from './selection.ts';
import { apart, line, muted, selectedWhen, span } from './spans.ts';
import { shownPart, type TypedText } from './typed-text.ts';
import { isDemo } from './view.ts';

export type PaletteItem = {
  readonly key: string;
  readonly name: string;
  readonly description: string;
  readonly aside: string;
  /** Why it cannot be done now. */
  readonly whyNot?: string | undefined;
} & (
  | { readonly kind: 'command'; readonly binding: Binding }
  | { readonly kind: 'backend'; readonly backend: string }
  | { readonly kind: 'server'; readonly server: ServerKey }
  | { readonly kind: 'shard'; readonly shard: string }
  | { readonly kind: 'route'; readonly route: string }
  | { readonly kind: 'certificate'; readonly certificate: string }
);

/** Commands that only make sense as a key. */
const onlyKeys = new Set([
  'down',
  'up',
  'page-down',
  'page-up',
  'first',
  'last',
  'palette',
  'leave-at-once',
  'back',
]);

export function paletteItems(context: KeyContext, query: string): PaletteItem[] {
  const { model } = context.view;
  const { screen } = context.state;
  const items: PaletteItem[] = [
    ...bindings
      .filter(({ scope, command }) => (scope === screen || scope === 'everywhere') && !onlyKeys.has(command))
      .map(
        (binding): PaletteItem => ({
          kind: 'command',
          key: `command ${binding.command}`,
          name: binding.title,
          description: descriptionOf(binding, isDemo(context.view)),
          aside: shownKey(binding.keys[0]!),
          whyNot: binding.whyNot?.(context),
          binding,
        }),
      ),
    ...[...model.backend.values()].map(
      ({ name }): PaletteItem => ({
        kind: 'backend',
        key: `backend ${name}`,
        name,
        description: '',
        aside: 'backend',
        backend: name,
      }),
    ),
    ...[...model.server.values()].map(
      ({ key, address }): PaletteItem => ({
        kind: 'server',
        key: `server ${key}`,
        name: key,
        description: address,
        aside: 'server',
        server: key,
      }),
    ),
    ...[...model.shard.values()].map(
      ({ name, domain = '' }): PaletteItem => ({
        kind: 'shard',
        key: `shard ${name}`,
        name,
        description: domain,
        aside: 'shard',
        shard: name,
      }),
    ),
    ...[...model.route.values()].map(
      ({ name, host = '*', path }): PaletteItem => ({
        kind: 'route',
        key: `route ${name}`,
        name,
        description: `${host}${path}`,
        aside: 'route',
        route: name,
      }),
    ),
    ...[...model.certificate.values()].map(
      (certificate): PaletteItem => ({
        kind: 'certificate',
        key: `certificate ${certificate.key}`,
        name: certificateName(certificate),
        description: certificate.key,
        aside: 'certificate',
        certificate: certificate.key,
      }),
    ),
  ];
  if (query.trim() === '') return items;
  return items
    .map((item) => ({ item, score: scoreOf(item, query) }))
    .filter((found): found is { item: PaletteItem; score: number } => found.score !== undefined)
    .sort((a, b) => b.score - a.score)
    .map(({ item }) => item);
}

/** Names are found by their letters, descriptions only by whole words: else every sentence has them somewhere. */
function scoreOf(item: PaletteItem, query: string): number | undefined {
  const byName = fuzzyScore(query, item.name);
  if (byName !== undefined) return byName;
  return item.description.toLowerCase().includes(query.trim().toLowerCase()) ? 0 : undefined;
}

export function paletteRows(bodyHeight: number): number {
  return Math.max(1, Math.min(14, bodyHeight - 3));
}

export function paletteView(
  items: readonly PaletteItem[],
  text: TypedText,
  state: ListCursor,
  width: number,
  rows: number,
): Block {
  const cursor = settleCursor(state, { keys: items.map(({ key }) => key), rows });
  const shown = shownPart(text, width - 8);
  const content = [
    line(span(': ', 'key', true), span(shown.text, 'accent')),
    ...(items.length === 0
      ? [line(muted('nothing has these letters in this order'))]
      : items.slice(cursor.top, cursor.top + rows).map((item) => {
          const tone = item.whyNot === undefined ? 'text' : 'muted';
          const why = item.whyNot === undefined ? '' : `  (${item.whyNot})`;
          const selected = item.key === cursor.key;
          return selectedWhen(
            selected,
            apart(
              [
                span(selected ? '› ' : '  ', 'accent'),
                span(item.name, tone, true),
                span(item.description === '' ? '' : `  ${item.description}`, tone),
                muted(why),
              ],
              [muted(item.aside)],
              width - 4,
            ),
          );
        })),
  ];
  return {
    lines: boxed('Find', content, width),
    cursor: { row: 1, column: 4 + shown.column },
  };
}
