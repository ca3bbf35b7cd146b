// A request head that was read, for tests of what is made from it.

import { RequestHead } from '../../../src/proxy/http/request-head.ts';

/** @throws Error where the text is no whole valid head */
export function headOf(text: string): RequestHead {
  const head = new RequestHead();
  if (head.parse(text, 65_536) !== text.length) throw new Error(head.refusal?.cause ?? 'no whole head');
  return head;
}
