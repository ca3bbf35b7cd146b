// Which lines of a text are others in the next one, as a person is shown a small edit. Pure.

export interface LineChange {
  /** From 1; in the new text, but for a line that is gone. */
  readonly line: number;
  /** Nothing: a line that was added. */
  readonly was?: string;
  /** Nothing: a line that is gone. */
  readonly is?: string;
}

export function lineChanges(before: string, after: string): LineChange[] {
  const [old, next] = [before.split(/\r?\n/), after.split(/\r?\n/)];
  let start = 0;
  while (start < Math.min(old.length, next.length) && old[start] === next[start]) start++;
  let tail = 0;
  while (
    tail < Math.min(old.length, next.length) - start &&
    old[old.length - 1 - tail] === next[next.length - 1 - tail]
  )
    tail++;
  const [oldEnd, nextEnd] = [old.length - tail, next.length - tail];
  const changes: LineChange[] = [];
  let [i, j] = [start, start];
  while (i < oldEnd || j < nextEnd) {
    const [was, is] = [old[i], next[j]];
    if (i < oldEnd && j < nextEnd && was === is) {
      i++;
      j++;
    } else if (
      i >= oldEnd ||
      (j < nextEnd && next.indexOf(was!, j) !== -1 && next.indexOf(was!, j) < nextEnd)
    ) {
      changes.push({ line: ++j, is: is! });
    } else if (j >= nextEnd || (old.indexOf(is!, i) !== -1 && old.indexOf(is!, i) < oldEnd)) {
      changes.push({ line: ++i, was: was! });
    } else {
      i++;
      changes.push({ line: ++j, was: was!, is: is! });
    }
  }
  return changes;
}
