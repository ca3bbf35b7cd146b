// A server's two states as cells: what the operator wishes, what checks see; sign and colour together. Pure.
import type { ServerEntity } from '../../domain/model.ts';
import type { OperationalState } from '../../domain/server-state.ts';
import type { Cell, Shade } from '../table.ts';
import { age } from '../wording.ts';

const signs: Readonly<Record<OperationalState, readonly [sign: string, shade: Shade]>> = {
  up: ['●', 'good'],
  starting: ['◌', 'muted'],
  unchecked: ['?', 'muted'],
  down: ['▼', 'bad'],
  paused: ['◼', 'muted'],
};

export function operationalCell(server: ServerEntity, now: number): Cell {
  const [sign, shade] = signs[server.operational];
  return { text: `${sign} ${server.operational} ${age(now - server.operationalSince)}`, shade };
}

export function adminCell({ admin, adminBy }: ServerEntity): Cell {
  return {
    text: adminBy === undefined ? admin : `${admin} (${adminBy})`,
    shade: admin === 'ready' ? 'plain' : 'warning',
  };
}

export function checkCell({ check }: ServerEntity): Cell {
  if (check === undefined) return undefined;
  return { text: `${check.code} ${check.reason}`, shade: check.ok ? 'plain' : 'bad' };
}
