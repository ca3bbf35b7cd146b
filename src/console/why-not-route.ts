// Why a key cannot act on a route just now, in words.

import type { RouteEntity } from '../domain/model.ts';
import { selectedOf } from './selection.ts';
import type { View } from './view.ts';
import { type WhyNot, whyNotAct } from './why-not.ts';

type OfRoute = (route: RouteEntity, view: View) => string | undefined;

function onAnyRoute(whyNot: OfRoute): WhyNot {
  return (context) => {
    const selected = selectedOf(context);
    return selected?.kind === 'route' ? whyNot(selected.route, context.view) : 'choose a route';
  };
}

function onRoute(whyNot: OfRoute): WhyNot {
  return onAnyRoute((route, view) =>
    route.tls === undefined
      ? `${route.name} is configured without tls: it has no mode to switch`
      : whyNot(route, view),
  );
}

export function isOverridden({ tls }: RouteEntity): boolean {
  return tls !== undefined && tls.termination !== tls.configuredTermination;
}

export const whyNotSwitchMode: WhyNot = onRoute((_, view) => whyNotAct(view, 'tls'));

export const whyNotRevert: WhyNot = onRoute((route, view) => {
  const why = whyNotAct(view, 'tls');
  if (why !== undefined) return why;
  const phase = view.model.switch.get(route.name)?.phase;
  if (phase === 'watching' || phase === 'settled' || isOverridden(route)) return undefined;
  return phase === 'reverted'
    ? `${route.name} was reverted by itself already`
    : `${route.name} is as configured, and no switch of it is known`;
});

/** Keys of drifts of its labels. */
export function labelDrifts(view: View, route: string): string[] {
  return [...view.model.drift.values()].flatMap((drift) =>
    'route' in drift && drift.route === route && drift.field === 'labels' ? [drift.key] : [],
  );
}

export const whyNotResetRoute: WhyNot = onAnyRoute((route, view) =>
  isOverridden(route) || labelDrifts(view, route.name).length > 0
    ? whyNotAct(view)
    : `${route.name} is as configured`,
);

export const whyNotWriteBackRoute: WhyNot = onAnyRoute((route, view) => {
  const why = whyNotAct(view, 'reload');
  if (why !== undefined) return why;
  if (view.model.runtime.get('runtime')?.plan.file === undefined)
    return 'the runtime was started without a configuration file: there is nothing to write to';
  const relabelled = labelDrifts(view, route.name).length > 0;
  if (!isOverridden(route) && !relabelled) return `${route.name} is as configured`;
  if (relabelled) return undefined;
  return view.model.switch.get(route.name)?.phase === 'watching'
    ? `the switch of ${route.name} is still watched: it may revert by itself`
    : undefined;
});

export const whyNoCertificate: WhyNot = onRoute(({ name, tls }, { model }) =>
  tls?.certificate !== undefined && model.certificate.has(tls.certificate)
    ? undefined
    : `there is no certificate for the host of ${name}`,
);
