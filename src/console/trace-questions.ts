// From `T` to the way of a request: asked at once where a connection says all that is needed, else after a question.

import { traceFault } from '../domain/trace.ts';
import type { Desk } from './desk.ts';
import {
  fieldBeside,
  openTrace,
  questionOf,
  type TraceDialog,
  traceOfConnection,
  traceOfRoute,
} from './dialogs/trace.ts';
import { scrolledTrace, traceWidth } from './dialogs/trace-view.ts';
import { layoutOf } from './layout.ts';
import { selectedOf } from './selection.ts';

export function askTrace(desk: Desk): void {
  const context = desk.context();
  const selected = selectedOf(context);
  const id = desk.nextId();
  if (selected?.kind === 'connection')
    runTrace(desk, openTrace(id, traceOfConnection(selected.row, context.view.model), 'url'));
  else if (selected?.kind === 'route') show(desk, openTrace(id, traceOfRoute(selected.route), 'from'));
  else show(desk, openTrace(id, { url: 'https://' }, 'url'));
}

function show(desk: Desk, dialog: TraceDialog): void {
  desk.set({ overlay: { kind: 'trace', dialog } });
}

function withTrace(desk: Desk, act: (dialog: TraceDialog) => void): void {
  const { overlay } = desk.state;
  if (overlay?.kind === 'trace') act(overlay.dialog);
}

function runTrace(desk: Desk, dialog: TraceDialog): void {
  const question = questionOf(dialog);
  const fault = traceFault(question);
  if (fault !== undefined) {
    show(desk, { ...dialog, stage: 'ask', hint: fault });
    return;
  }
  const id = desk.nextId();
  show(desk, {
    ...dialog,
    id,
    stage: 'answer',
    seen: { state: 'asking', since: desk.clock.now() },
    top: 0,
    hint: undefined,
  });
  const answer = (seen: TraceDialog['seen']) =>
    withTrace(desk, (still) => {
      if (still.id === id) show(desk, { ...still, seen });
    });
  desk.client.trace(question).then(
    (trace) => answer({ state: 'shown', trace }),
    (reason: unknown) =>
      answer({ state: 'failed', reason: reason instanceof Error ? reason.message : String(reason) }),
  );
}

export function chooseTrace(desk: Desk): void {
  withTrace(desk, (dialog) => {
    if (dialog.stage === 'ask') runTrace(desk, dialog);
    else desk.set({ overlay: undefined });
  });
}

export function traceAgain(desk: Desk): void {
  withTrace(desk, (dialog) => {
    if (dialog.stage === 'answer') show(desk, { ...dialog, id: desk.nextId(), stage: 'ask' });
  });
}

export function stepTrace(desk: Desk, by: 1 | -1): void {
  withTrace(desk, (dialog) => {
    if (dialog.stage === 'ask') show(desk, fieldBeside(dialog, by));
    else scrollTrace(desk, 'line', by);
  });
}

export function scrollTrace(desk: Desk, how: 'line' | 'page', by: 1 | -1): void {
  withTrace(desk, (dialog) => {
    if (dialog.stage !== 'answer') return;
    const { body } = layoutOf(desk.context().size);
    show(
      desk,
      scrolledTrace(dialog, desk.clock.now(), Math.min(body.width, traceWidth), body.height, how, by),
    );
  });
}
