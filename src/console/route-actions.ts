// What keys do on Routes and Certificates, but for the switch itself.

import type { Desk } from './desk.ts';
import { atTop } from './list-cursor.ts';
import { ask } from './questions.ts';
import { selectedOf } from './selection.ts';
import { switchName } from './view.ts';
import { isOverridden, labelDrifts } from './why-not-route.ts';

/** Who opens a route has seen that its switch reverted: it need not be told on every screen any more. */
export function openRoute(desk: Desk, route: string): void {
  const { routes } = desk.state;
  const change = desk.context().view.model.switch.get(route);
  const looked =
    change?.phase === 'reverted' ? new Set([...routes.looked, switchName(change)]) : routes.looked;
  desk.set({ routes: { ...routes, looked, open: { route, top: 0 } } });
}

export function openCertificate(desk: Desk, certificate: string): void {
  desk.set({ certificates: { ...desk.state.certificates, open: { certificate, top: 0 } } });
}

/** From a route to what its clients are shown; the cursor there stands on it, so that Esc leads to its neighbours. */
export function showCertificate(desk: Desk): void {
  const selected = selectedOf(desk.context());
  const key = selected?.kind === 'route' ? selected.route.tls?.certificate : undefined;
  if (key === undefined) return;
  const cursor = { ...atTop, key };
  desk.set({
    screen: 'certificates',
    certificates: { cursor, filter: '', open: { certificate: key, top: 0 } },
  });
}

export function askRoute(desk: Desk, kind: 'reset-route' | 'write-back-route'): void {
  const selected = selectedOf(desk.context());
  if (selected?.kind !== 'route') return;
  const { name } = selected.route;
  const { view } = desk.context();
  // What is still watched may revert by itself: it is not written.
  const isSettled = view.model.switch.get(name)?.phase !== 'watching';
  const tls = isOverridden(selected.route) && (kind === 'reset-route' || isSettled);
  ask(desk, { kind, route: name, tls, labels: labelDrifts(view, name) });
}

/** Out of the detail, then out of the filter. */
export function backFromRows(desk: Desk, screen: 'routes' | 'certificates'): void {
  const state = desk.state[screen];
  if (state.open !== undefined) desk.set({ [screen]: { ...state, open: undefined } });
  else if (state.filter !== '') desk.set({ [screen]: { ...state, filter: '', cursor: atTop } });
}
