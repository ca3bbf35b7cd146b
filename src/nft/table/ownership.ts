// Which process our table belongs to: a counter in it, that counts nothing, is named after it. So a second runtime of the same
// machine leaves the first one's table alone, and the next one after a crash knows that nobody else wants it.

import { readFileSync } from 'node:fs';

const form = /^owner\.(\d+)\.(\d+)$/;

/** Pids are used again; together with the moment of its start one is not. */
export const ownMark = (): string => `owner.${process.pid}.${startOf(process.pid) ?? 0}`;

export const isMark = (counter: string): boolean => form.test(counter);

/** The process that the table belongs to and that lives, and is not this one. */
export function otherOwner(counters: Iterable<string>): number | undefined {
  for (const name of counters) {
    const [, pid, start] = form.exec(name) ?? [];
    if (pid === undefined || start === undefined || Number(pid) === process.pid) continue;
    if (startOf(Number(pid)) === Number(start)) return Number(pid);
  }
  return undefined;
}

/** In ticks since the machine's start (proc(5)); undefined where there is no such process, or none that does anything still. */
function startOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name may hold anything, but nothing behind it holds a parenthesis.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : Number(fields[19]);
  } catch {
    return undefined;
  }
}
