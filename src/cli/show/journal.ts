// `sluice show journal`: who did what, newest last, as a log reads.
import { attached } from '../attachment.ts';
import type { VerbContext } from '../program.ts';
import type { Shade } from '../table.ts';
import { wallTime } from '../wording.ts';
import { printTable } from './show.ts';

const shades: Readonly<Record<'good' | 'note' | 'warning' | 'bad', Shade>> = {
  good: 'good',
  note: 'plain',
  warning: 'warning',
  bad: 'bad',
};

export function showJournal(context: VerbContext, { limit }: { readonly limit: number }): Promise<void> {
  return attached(context, async (client) => {
    const entries = [...client.model.journal.values()].sort((a, b) => a.id - b.id).slice(-limit);
    printTable(
      context,
      'journal',
      entries,
      [
        { title: 'entry', align: 'right', cell: ({ id }) => id },
        { title: 'time', cell: ({ at }) => wallTime(at) },
        { title: 'who', cell: ({ actor }) => actor.name },
        { title: 'from', cell: ({ actor }) => actor.from },
        { title: 'subject', cell: ({ subject }) => subject },
        { title: 'what', cell: ({ text, severity }) => ({ text, shade: shades[severity] }) },
        { title: 'before', cell: ({ before }) => before },
        { title: 'after', cell: ({ after }) => after },
        {
          title: 'result',
          cell: ({ result, undoneBy }) => (undoneBy === undefined ? result : `undone by ${undoneBy}`),
        },
      ],
      'the journal is empty: nobody has done anything yet',
    );
  });
}
