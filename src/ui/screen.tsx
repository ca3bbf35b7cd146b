// The screen as Ink sees it: one Text a row, drawn again only where its string changed.

import { Box, Text, useApp, useCursor } from 'ink';
import { memo, useLayoutEffect } from 'react';
import type { Size } from '../console/console.ts';
import type { Frame } from '../console/frame.ts';

export type SuspendTerminal = ReturnType<typeof useApp>['suspendTerminal'];

export interface ScreenProps {
  /** As many as the terminal has. */
  readonly rows: readonly string[];
  readonly size: Size;
  readonly cursor: Frame['cursor'];
  readonly onMounted: (suspendTerminal: SuspendTerminal) => void;
}

export function Screen({ rows, size, cursor, onMounted }: ScreenProps) {
  const { suspendTerminal } = useApp();
  const { setCursorPosition } = useCursor();
  setCursorPosition(cursor === undefined ? undefined : { x: cursor.column, y: cursor.row });
  useLayoutEffect(() => onMounted(suspendTerminal), [onMounted, suspendTerminal]);
  return (
    <Box flexDirection="column" width={size.columns} height={size.rows} flexShrink={0} overflow="hidden">
      {rows.map((row, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a row is its place on the screen; what stands there changes
        <Row key={index} text={row} />
      ))}
    </Box>
  );
}

// A Text without any character has no height: the rows below would move up.
const Row = memo(function Row({ text }: { readonly text: string }) {
  return <Text wrap="truncate">{text === '' ? ' ' : text}</Text>;
});
