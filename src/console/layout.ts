// Where everything is on a screen of a given size. One pure function; its test draws the pictures.

import type { Size } from './console.ts';

export interface Area {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

export interface Layout {
  /** Rows of the frame's own lines. */
  readonly header: number;
  readonly tabs: number;
  readonly problem: number;
  readonly rule: number;
  /** A rule, or the line that tells what came of a key press. */
  readonly message: number;
  readonly footer: number;
  /** What the screen itself fills, from edge to edge. */
  readonly body: Area;
}

export const leastSize: Size = { columns: 60, rows: 15 };

/** From here on, a second pane stands beside the first. */
export const sidePaneFrom = 120;
/** From here on, what needs much room (details of the selected object) gets a pane of its own. */
export const detailPaneFrom = 160;

export function isLargeEnough({ columns, rows }: Size): boolean {
  return columns >= leastSize.columns && rows >= leastSize.rows;
}

export function layoutOf({ columns, rows }: Size): Layout {
  return {
    header: 0,
    tabs: 1,
    problem: 2,
    rule: 3,
    body: { left: 0, top: 4, width: columns, height: rows - 6 },
    message: rows - 2,
    footer: rows - 1,
  };
}

/** Two panes and the border between them; the first keeps the width that its table needs. */
export function splitBody(body: Area, first: number): { main: Area; border: number; side: Area } {
  const width = Math.max(1, Math.min(first, body.width - 2));
  return {
    main: { ...body, width },
    border: body.left + width,
    side: { ...body, left: body.left + width + 1, width: body.width - width - 1 },
  };
}

/** `parts` areas one below the other, as even as whole rows allow, the taller ones first. */
export function stacked(area: Area, parts: number): Area[] {
  const areas: Area[] = [];
  let top = area.top;
  for (let index = 0; index < parts; index += 1) {
    const height = Math.ceil((area.top + area.height - top) / (parts - index));
    areas.push({ ...area, top, height });
    top += height;
  }
  return areas;
}
