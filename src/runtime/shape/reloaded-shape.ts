// What a configuration in force means for overrides of shape: one whose shard or route went is kept, and holds again once
// it is back. Both are told, and so is which routes nobody serves any more.

import type { Admission } from '../../domain/admission.ts';
import type { Plan } from '../../domain/plan.ts';
import type { Happening } from '../journal.ts';
import { countText, subjectOfShape } from '../wording.ts';
import { type HeldShapes, isAbout } from './held-shape.ts';
import { overrideText } from './shape-wording.ts';

export function tellKeptShape(
  before: Plan,
  after: Plan,
  shape: HeldShapes,
  happened: (happening: Happening) => void,
): void {
  for (const { value, by } of shape.values()) {
    const [was, is] = [isAbout(value, before), isAbout(value, after)];
    if (was === is) continue;
    const subject = subjectOfShape(value);
    const text = is
      ? `${subject} is in the configuration again: the override by ${by} holds (${overrideText(value)})`
      : `${subject} is not in the configuration any more: the override by ${by} (${overrideText(value)}) is kept until somebody resets it`;
    happened({ subject, from: 'reload', severity: 'warning', text });
  }
}

const most = 5;

/** Routes that a shard served, and that are there and served by none now. */
export function tellUnserved(
  before: Admission,
  after: Admission,
  happened: (happening: Happening) => void,
): void {
  const served = ({ statuses }: Admission, route: string): boolean =>
    statuses.get(route)?.some(({ admitted }) => admitted) === true;
  const lost = [...after.statuses.keys()].filter((route) => served(before, route) && !served(after, route));
  for (const route of lost.slice(0, most)) {
    const refused = (after.statuses.get(route) ?? []).find(({ admitted }) => !admitted);
    const why =
      refused && !refused.admitted
        ? `${refused.shard} refuses it: ${refused.reason}: ${refused.message}`
        : 'no selector takes it';
    happened({
      subject: route,
      from: 'admission',
      severity: 'warning',
      text: `served by no shard now: ${why}`,
    });
  }
  if (lost.length > most)
    happened({
      subject: 'routes',
      from: 'admission',
      severity: 'warning',
      text: `${countText(lost.length - most, 'more route is', 'more routes are')} served by no shard now`,
    });
}
