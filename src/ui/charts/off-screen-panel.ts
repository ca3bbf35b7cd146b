// A blessed screen that no terminal ever sees: a widget draws into its cells, and the cells become toned spans.
// Nothing is left behind: no listener on the process, no stream, no exit hook.

import { EventEmitter } from 'node:events';
import { type Line, type Span, type Tone, tones } from '../../console/frame.ts';
import type { Contrib } from './contrib.ts';

interface Widget {
  render(): void;
}

export interface OffScreenPanel<W extends Widget> {
  readonly widget: W;
  /** Draws the widget; the rows are `width` cells wide. */
  lines(): Line[];
  dispose(): void;
}

/** Above the 16 colours that blessed may set by itself. */
const firstNumber = 32;

export function numberOfTone(tone: Tone): number {
  return firstNumber + tones.indexOf(tone);
}

function toneOfNumber(color: number, fallback: Tone): Tone {
  return tones[color - firstNumber] ?? fallback;
}

/** @param margin cells around the picture that contrib reserves and never draws in, cut off again */
export function createPanel<W extends Widget>(
  contrib: Contrib,
  width: number,
  height: number,
  margin: { readonly right: number; readonly bottom: number },
  make: (size: { readonly width: number; readonly height: number }) => W,
): OffScreenPanel<W> {
  const { Screen } = contrib.blessed;
  const size = { width: width + margin.right, height: height + margin.bottom };
  // Tells blessed that its handlers for signals, exit and exceptions are installed already.
  Screen._bound = true;
  const screen = new Screen({ program: nullProgram(size.width, size.height) });
  const widget = make(size);
  screen.append(widget);
  return {
    widget,
    lines() {
      screen.alloc();
      widget.render();
      return screen.lines.slice(0, height).map((cells) => ({ spans: spansOf(cells.slice(0, width)) }));
    },
    // Not Screen.destroy(): it takes away handlers that were never installed.
    dispose() {
      const index = Screen.instances.indexOf(screen);
      if (index < 0) return;
      Screen.instances.splice(index, 1);
      Screen.total--;
      Screen.global = Screen.instances[0] ?? null;
    },
  };
}

/** Takes everything blessed tells a terminal, and does nothing with it. */
function nullProgram(cols: number, rows: number): object {
  return Object.assign(new EventEmitter(), {
    cols,
    rows,
    options: {},
    // Already on the alternate screen: so none of the set-up is sent.
    isAlt: true,
    tput: { unicode: true, features: {}, numbers: { U8: 1 }, strings: {}, bools: {} },
    setupTput() {},
    clear() {},
  });
}

const defaultColor = 0x1ff;

function spansOf(cells: readonly (readonly [attribute: number, character: string])[]): Span[] {
  const spans: { text: string; tone: Tone }[] = [];
  for (const [attribute, character] of cells) {
    const foreground = (attribute >> 9) & 0x1ff;
    const background = attribute & 0x1ff;
    // A filled bar is a blank on a coloured background: as a full block it needs no background in the theme.
    const filled = character === ' ' && background !== defaultColor;
    const tone = filled ? toneOfNumber(background, 'bar') : toneOfNumber(foreground, 'text');
    // Blessed draws an empty cell of its braille canvas as a braille blank in some fonts wider than a space.
    const text = filled ? '█' : character === '\u2800' ? ' ' : character;
    const last = spans.at(-1);
    if (last !== undefined && (last.tone === tone || text === ' ')) last.text += text;
    else spans.push({ text, tone: text === ' ' ? 'text' : tone });
  }
  return spans;
}
