// In place of Ink's Output, which makes a cell of every character of every frame: where rows do not touch each other,
// a painted row is taken as it is, and any other one by Ink's own Output, alone. Anything else is Ink's whole.

import { paintedWidth } from './painted-row.ts';

interface Size {
  readonly width: number;
  readonly height: number;
}

type Transformer = (line: string, index: number) => string;

/** What Ink's renderer asks of an Output. */
interface Output {
  write(x: number, y: number, text: string, options: { transformers: Transformer[] }): void;
  clip(clip: Readonly<Clip>): void;
  unclip(): void;
  get(): { output: string; height: number };
}

interface Clip {
  x1: number | undefined;
  x2: number | undefined;
  y1: number | undefined;
  y2: number | undefined;
}

type OutputClass = new (size: Size) => Output;

interface Row {
  readonly text: string;
  readonly transformers: Transformer[];
  readonly clipped: boolean;
}

export function rowByRow(InkOutput: OutputClass): OutputClass {
  function rowOutput({ width, height }: Size): Output {
    const size: Size = { width, height };
    const operations: ((output: Output) => void)[] = [];
    const rows: (Row | undefined)[] = new Array(height).fill(undefined);
    let apart = true;
    let clips = 0;

    function asOneRow({ text, transformers, clipped }: Row): string {
      const painted = paintedWidth(text);
      const alike = transformers.every((transform) => transform(text, 0) === text);
      if (painted !== undefined && painted <= width && alike) return text.trimEnd();
      const output = new InkOutput({ width, height: 1 });
      if (clipped) output.clip({ x1: 0, x2: width, y1: undefined, y2: undefined });
      output.write(0, 0, text, { transformers });
      return output.get().output;
    }

    return {
      write(x, y, text, options) {
        operations.push((output) => output.write(x, y, text, options));
        if (x === 0 && y >= 0 && y < height && rows[y] === undefined && !text.includes('\n'))
          rows[y] = { text, ...options, clipped: clips > 0 };
        else if (text !== '') apart = false;
      },
      clip(clip) {
        clips += 1;
        operations.push((output) => output.clip(clip));
        const { x1 = 0, x2 = width, y1 = 0, y2 = height } = clip;
        if (x1 > 0 || x2 < width || y1 > 0 || y2 < height) apart = false;
      },
      unclip() {
        clips -= 1;
        operations.push((output) => output.unclip());
      },
      get() {
        if (apart) return { output: rows.map((row) => (row ? asOneRow(row) : '')).join('\n'), height };
        const output = new InkOutput(size);
        for (const operation of operations) operation(output);
        return output.get();
      },
    };
  }
  // Ink makes one with `new`; what a function answers is then taken instead.
  return rowOutput as unknown as OutputClass;
}
