// Foreign JSON on one line: cut where it gets long, and however deep it is.

import type { Json } from './json.ts';

const deepest = 24;

export function compactJson(value: Json, maxLength = 200): string {
  let text = '';
  const write = (piece: string): void => {
    if (text.length <= maxLength) text += piece;
  };
  const walk = (one: Json, depth: number): void => {
    if (text.length > maxLength) return;
    if (one === null || typeof one !== 'object') {
      write(typeof one === 'string' ? JSON.stringify(one.slice(0, maxLength + 1)) : String(one));
      return;
    }
    if (depth > deepest) {
      write('…');
      return;
    }
    const list = Array.isArray(one);
    write(list ? '[' : '{');
    let first = true;
    for (const key in one) {
      if (text.length > maxLength) break;
      if (!Object.hasOwn(one, key)) continue;
      if (!first) write(',');
      first = false;
      if (!list) write(`${JSON.stringify(key)}:`);
      walk((one as { readonly [key: string]: Json })[key]!, depth + 1);
    }
    write(list ? ']' : '}');
  };
  walk(value, 0);
  return text.length > maxLength ? `${text.slice(0, maxLength - 1)}…` : text;
}
