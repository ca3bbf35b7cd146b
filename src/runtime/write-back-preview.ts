// What a write-back would make of the configuration's file, line by line as it would stand there. Nothing is changed here.

import type { Preview, PreviewLine } from '../domain/command.ts';
import { beyond, isEmpty } from './overrides.ts';
import type { PreviewContext } from './previews.ts';
import type { WriteBackCommand } from './server-commands.ts';
import { stateText } from './wording.ts';
import { type FileEdit, writeBackFault } from './write-back.ts';

export async function writeBackPreview(
  command: WriteBackCommand,
  { servers, edits }: Pick<PreviewContext, 'servers' | 'edits'>,
): Promise<Preview> {
  const { server } = command;
  const title = `write back ${server}`;
  const fault = writeBackFault(command, undefined, servers);
  const configured = servers.states.configured(server);
  const from = servers.states.state(server);
  if (!configured || !from) return { title, lines: warnings(fault) };
  const drift = beyond(servers.states.override(server), configured);
  const lines: PreviewLine[] = [
    { tone: 'now', text: `${server} is ${stateText(from)}; configured: ${stateText(configured)}` },
  ];
  if (isEmpty(drift))
    lines.push({ tone: 'warning', text: 'nothing differs: there is nothing to write back' });
  const edit = fault ?? (isEmpty(drift) ? undefined : await edits.ofServer(server));
  if (!edit) return { title, lines, from };
  if ('result' in edit) return { title, lines: [...lines, ...warnings(edit)], from };
  const authors = new Set([drift.admin?.by, drift.weight?.by].filter((by) => by !== undefined));
  return {
    title,
    from,
    lines: [
      ...lines,
      ...editLines(edit),
      {
        tone: 'then',
        text: `what runs stays as it is, and is the configuration's own: no override of ${[...authors].join(', ')} any more`,
      },
    ],
  };
}

function warnings(refused: { readonly text: string; readonly remedy?: string } | undefined): PreviewLine[] {
  if (!refused) return [];
  const { text, remedy } = refused;
  return [{ tone: 'warning', text: remedy === undefined ? text : `${text}: ${remedy}` }];
}

/** Where lines stand, as they are, and as they will be. */
export function editLines({ file, changes }: FileEdit): PreviewLine[] {
  const side = (tone: 'now' | 'then', of: 'was' | 'is'): PreviewLine[] =>
    changes.flatMap(({ line, was, is, [of]: text }) => {
      if (text === undefined) return [];
      const note = was === undefined ? 'added: ' : is === undefined ? 'goes: ' : '';
      return [{ tone, text: `${file}:${line}: ${note}${text.trim()}` }];
    });
  return [...side('now', 'was'), ...side('then', 'is')];
}
