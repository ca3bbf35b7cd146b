// An override of shape written back: the number of instances, the selector or the labels in the configuration's file become
// what runs, and the override ends in the same step.

import type { Command, Preview, PreviewLine } from '../../domain/command.ts';
import type { Prepare, Refused } from '../commands.ts';
import { incapable, refuse } from '../server-commands.ts';
import { subjectOfShape } from '../wording.ts';
import { type FileEdits, preparedEdit } from '../write-back.ts';
import { editLines } from '../write-back-preview.ts';
import { type HeldShape, isAbout } from './held-shape.ts';
import { notOverridden, type ShapeContext } from './shape-commands.ts';
import { refusalText, type ShapePreviewContext } from './shape-previews.ts';
import { overrideText, shapeText } from './shape-wording.ts';

export type ShapeWriteBack = Extract<Command, { kind: 'write-back-shape' }>;

function heldOrFault(
  { drift }: ShapeWriteBack,
  { engine, plans }: Pick<ShapeContext, 'engine' | 'plans'>,
): HeldShape | Refused {
  const unable = incapable(engine, 'shards') ?? incapable(engine, 'reload');
  if (unable) return unable;
  const { configured, shape } = plans();
  const held = shape.get(drift);
  if (!held) return notOverridden(drift);
  if (isAbout(held.value, configured)) return held;
  return refuse(
    held.value.kind === 'relabel' ? 'no-such-route' : 'no-such-shard',
    `${subjectOfShape(held.value)} is not in the configuration`,
    `drop the override: \`sluice reset ${drift}\``,
  );
}

export async function prepareShapeWriteBack(
  command: ShapeWriteBack,
  context: ShapeContext,
  edits: FileEdits,
): Promise<Awaited<ReturnType<Prepare>>> {
  const held = heldOrFault(command, context);
  if ('result' in held) return held;
  const { drift: key } = command;
  const edit = await edits.ofShape(held.value);
  if ('result' in edit) return edit;
  const subject = subjectOfShape(held.value);
  const prepared = preparedEdit(
    command,
    edit,
    edits,
    context,
    `${subject}: ${overrideText(held.value)}`,
    (written) => ({
      shape: [{ key, before: held, after: context.plans().shape.get(key) ?? null }],
      written,
    }),
  );
  return { ...prepared, subject };
}

export async function shapeWriteBackPreview(
  command: ShapeWriteBack,
  { shape, edits }: ShapePreviewContext,
): Promise<Preview> {
  const title = `write back ${command.drift}`;
  const warning = (fault: Refused): PreviewLine => ({ tone: 'warning', text: refusalText(fault) });
  const held = heldOrFault(command, shape);
  if ('result' in held) return { title, lines: [warning(held)] };
  const { configured } = shape.plans();
  const now: PreviewLine = {
    tone: 'now',
    text: `${subjectOfShape(held.value)}: ${overrideText(held.value)}; configured: ${shapeText(held.value, configured)}`,
  };
  const edit = await edits.ofShape(held.value);
  if ('result' in edit) return { title, lines: [now, warning(edit)] };
  const then = `what runs stays as it is, and is the configuration's own: no override of ${held.by} any more`;
  return { title, lines: [now, ...editLines(edit), { tone: 'then', text: then }] };
}
