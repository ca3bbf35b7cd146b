// Makes what Ink writes shorter without changing what it shows: on the way to a row's first changed cell it repeats every
// colour of the row, and it steps over unchanged rows one by one. On a slow line that is most of the bytes.

import type { WriteStream } from 'node:tty';

// biome-ignore lint/complexity/useRegexLiterals: a literal would hold control characters
const runs = new RegExp('(?:\\u001b\\[[\\d;]*m){2,}|(?:\\u001b\\[E){2,}', 'g');
// biome-ignore lint/complexity/useRegexLiterals: as above
const sequences = new RegExp('\\u001b\\[([\\d;]*)m', 'g');

/** Slots of a terminal's state that codes write to: the last one wins. */
function slotOf(parameters: string): string {
  const code = Number.parseInt(parameters, 10);
  if ((code >= 30 && code <= 39) || (code >= 90 && code <= 97)) return 'foreground';
  if ((code >= 40 && code <= 49) || (code >= 100 && code <= 107)) return 'background';
  if (code === 3 || code === 23) return 'italic';
  if (code === 4 || code === 24) return 'underline';
  if (code === 7 || code === 27) return 'reverse';
  return `other ${parameters}`;
}

/** Only runs of sequences with nothing between them are touched, so no state has to be known. */
export function compactOutput(text: string): string {
  return text.replace(runs, (run) => (run.endsWith('E') ? `\u001b[${run.length / 3}E` : compactStyles(run)));
}

function compactStyles(run: string): string {
  const last = new Map<string, string>();
  for (const [sequence, parameters = ''] of run.matchAll(sequences)) {
    if (parameters === '' || parameters === '0') last.clear();
    // Bold and dim add up, and 22 ends both: an order that must be kept.
    if (parameters === '22') {
      last.delete('other 1');
      last.delete('other 2');
    }
    const slot = slotOf(parameters);
    last.delete(slot);
    last.set(slot, sequence);
  }
  return [...last.values()].join('');
}

/** The terminal for Ink: the same stream, but what is written goes through `compactOutput`. */
export function compactStream(stdout: WriteStream): WriteStream {
  const write = (chunk: unknown, ...rest: unknown[]): boolean =>
    (stdout.write as (...values: unknown[]) => boolean).call(
      stdout,
      typeof chunk === 'string' ? compactOutput(chunk) : chunk,
      ...rest,
    );
  return new Proxy(stdout, {
    get(target, key) {
      if (key === 'write') return write;
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
