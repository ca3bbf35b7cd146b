// Tells of each certificate once when its end comes near, nearer, and is there. Pure but for what it remembers.

import { roughly } from '../../config/certificates/read-pair.ts';
import type { Leaf } from '../../config/certificates/tls-unit.ts';
import { safe } from '../../domain/safe.ts';
import type { Happening } from '../journal.ts';

const day = 86_400_000;

/** Let's Encrypt and the like are renewed 30 days before. */
const stages = [
  { left: 0, severity: 'bad' },
  { left: day, severity: 'bad' },
  { left: 7 * day, severity: 'warning' },
  { left: 30 * day, severity: 'note' },
] as const;

export interface ExpiryWatch {
  look(leaves: readonly { readonly file: string; readonly leaf: Leaf }[], now: number): Happening[];
}

export function createExpiryWatch(): ExpiryWatch {
  /** The nearest stage told of, by fingerprint: another certificate in the same file starts anew. */
  const told = new Map<string, number>();
  return {
    look(leaves, now) {
      const known = new Set(leaves.map(({ leaf }) => leaf.fingerprint));
      for (const fingerprint of told.keys()) if (!known.has(fingerprint)) told.delete(fingerprint);
      return leaves.flatMap(({ file, leaf: { fingerprint, notAfter, names } }): Happening[] => {
        const left = notAfter - now;
        const stage = stages.find((candidate) => left <= candidate.left);
        if (stage === undefined || (told.get(fingerprint) ?? Number.POSITIVE_INFINITY) <= stage.left)
          return [];
        told.set(fingerprint, stage.left);
        const when =
          left <= 0 ? `expired ${roughly(-left)} ago: clients refuse it` : `expires in ${roughly(left)}`;
        const whose = names[0] === undefined ? '' : ` (${safe(names[0], 100)})`;
        return [
          {
            subject: file,
            text: `certificate ${when}${whose}`,
            severity: stage.severity,
            from: 'certificates',
          },
        ];
      });
    },
  };
}
