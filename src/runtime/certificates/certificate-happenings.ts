// What the journal says of files that changed on disk. Pure.

import { roughly } from '../../config/certificates/read-pair.ts';
import { safe } from '../../domain/safe.ts';
import type { Happening } from '../journal.ts';
import type { UnitEvent } from './units-in-force.ts';

export function happeningOf({ kind, inForce: { unit, disk } }: UnitEvent, now: number): Happening {
  const whats = { pair: 'certificate', authorities: 'authorities', ocsp: 'OCSP response' } as const;
  const what = whats[unit.kind];
  const subject = safe(unit.paths[0] ?? '');
  const from = 'certificates';
  const text = disk.state === 'same' ? '' : disk.text;
  switch (kind) {
    case 'replaced': {
      const warnings = unit.problems.map(({ message }) => `; ${message}`).join('');
      const life = unit.leaf === undefined ? '' : `, ${lifeText(unit.leaf.notAfter, now)}`;
      return {
        subject,
        text: safe(`${what} replaced${life}${warnings}`, 500),
        severity: warnings === '' ? 'good' : 'warning',
        from,
      };
    }
    case 'refused': {
      const kept =
        unit.kind === 'ocsp' && unit.files.length === 0 ? 'none is stapled' : 'the one before is kept';
      return { subject, text: safe(`new ${what} refused: ${text}; ${kept}`, 500), severity: 'bad', from };
    }
    case 'restored':
      return { subject, text: `${what} on disk is the served one again`, severity: 'good', from };
  }
}

function lifeText(notAfter: number, now: number): string {
  return notAfter > now ? `${roughly(notAfter - now)} left` : `expired ${roughly(now - notAfter)} ago`;
}
