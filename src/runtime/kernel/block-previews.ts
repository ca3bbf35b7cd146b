// What blocking an address, or letting it through again, would do to whom. Nothing is changed here.

import { parseBlock } from '../../domain/block.ts';
import type { Clock } from '../../domain/clock.ts';
import type { Preview, PreviewLine } from '../../domain/command.ts';
import type { Actor, JournalEntry } from '../../domain/journal.ts';
import { spokenDuration } from '../../domain/units.ts';
import type { ConnectionQuery, Engine } from '../../engine/engine.ts';
import type { BlockUndo } from '../journal.ts';
import { countText } from '../wording.ts';
import { type BlockCommand, type BlockContext, blockFault } from './block-commands.ts';
import { blockText } from './block-words.ts';

export interface BlockPreviewContext {
  readonly context: BlockContext;
  readonly engine: Pick<Engine, 'watchConnections'>;
  readonly clock: Clock;
  /** Who asks. */
  readonly actor: Actor | undefined;
}

/** An engine that does not know its connections by then is not waited for. */
const countMs = 1_500;

export async function blockPreview(command: BlockCommand, preview: BlockPreviewContext): Promise<Preview> {
  const { context, clock } = preview;
  const parsed = parseBlock(command.address);
  const address = parsed.ok ? parsed.address : command.address;
  const title = { block: 'block', unblock: 'unblock', 'confirm-block': 'keep the block of' }[command.kind];
  const about = { title: `${title} ${address}` };
  const fault = await blockFault(command, preview.actor, context);
  const warnings: PreviewLine[] = fault
    ? [
        { tone: 'warning', text: fault.text },
        ...(fault.remedy === undefined ? [] : [{ tone: 'warning' as const, text: fault.remedy }]),
      ]
    : [];
  // Of anything but a lock-out, nothing would happen at all.
  if (fault !== undefined && fault.code !== 'lock-out') return { ...about, lines: warnings };
  const known = context.blocks.get(address);
  const now: PreviewLine[] = known
    ? [{ tone: 'now', text: `it is ${blockText(known, clock.now())}` }]
    : [{ tone: 'now', text: 'it is not blocked' }];
  switch (command.kind) {
    case 'unblock':
      return {
        ...about,
        lines: [...now, { tone: 'then', text: 'its packets are let through again' }, ...warnings],
      };
    case 'confirm-block':
      return {
        ...about,
        lines: [...now, { tone: 'then', text: standsText(known?.until, clock.now()) }, ...warnings],
      };
    case 'block': {
      const count = await connectionsFrom(address, preview);
      return {
        ...about,
        lines: [
          ...now,
          ...(count === undefined
            ? []
            : [
                {
                  tone: 'now' as const,
                  text: `${countText(count, 'client connection')} of the proxy ${count === 1 ? 'comes' : 'come'} from there`,
                },
              ]),
          ...(known ? [] : blockLines(count)),
          {
            tone: 'then',
            text: `it is blocked ${command.forMs === 0 ? 'until it is unblocked' : `for ${spokenDuration(command.forMs)}`}`,
          },
          ...(command.confirmMs === 0
            ? []
            : [
                {
                  tone: 'then' as const,
                  text: `unless it is confirmed within ${spokenDuration(command.confirmMs)}, it takes itself back`,
                },
              ]),
          ...warnings,
        ],
      };
    }
  }
}

function blockLines(count: number | undefined): PreviewLine[] {
  return [
    {
      tone: 'then',
      text: 'each packet from there is dropped as it arrives, also of what this machine forwards; nobody is told',
    },
    ...(count === 0
      ? []
      : [
          {
            tone: 'then' as const,
            text: 'established connections stall, and end by their timeouts',
          },
        ]),
  ];
}

function standsText(until: number | undefined, now: number): string {
  return until === undefined
    ? 'it stands until it is unblocked'
    : `it stands for ${spokenDuration(Math.max(1, Math.round((until - now) / 1_000)) * 1_000)}`;
}

/** Undefined where the engine cannot tell. */
function connectionsFrom(
  address: string,
  { engine, clock }: BlockPreviewContext,
): Promise<number | undefined> {
  const { promise, resolve } = Promise.withResolvers<number | undefined>();
  const query: ConnectionQuery = {
    filter: `client=${address}`,
    order: { by: 'age', descending: true },
    offset: 0,
    limit: 0,
    ended: false,
  };
  let watch: ReturnType<Engine['watchConnections']> | undefined;
  try {
    watch = engine.watchConnections(query, ({ matched }) => resolve(matched));
  } catch {
    resolve(undefined);
  }
  const cancel = clock.after(countMs, () => resolve(undefined));
  return promise.finally(() => {
    cancel();
    watch?.close();
  });
}

export function blockUndoPreview(entry: JournalEntry, { block, before }: BlockUndo, now: number): Preview {
  return {
    title: `undo "${entry.text}" of ${block}`,
    entry: entry.id,
    lines: [
      { tone: 'now', text: `that was done by ${entry.actor.name}` },
      {
        tone: 'then',
        text: before === null ? `${block} is let through again` : `${block} is ${blockText(before, now)}`,
      },
    ],
  };
}
