// The two buttons of a question: Cancel first, the act after it; the focused one in brackets.

import type { Span } from '../frame.ts';
import { span } from '../spans.ts';

export function cancelAnd(act: string, focus: string): Span[] {
  const button = (name: string, focused: boolean): Span =>
    focused ? span(`[ ${name} ]`, 'accent', true) : span(`  ${name}  `);
  return [span('   '), button('Cancel', focus === 'cancel'), span('   '), button(act, focus === 'confirm')];
}
