// What `sluice import` tells: what was found, what was made of it, and each note with its place, the worst first. Pure.
import type { FromKubernetes, Note } from '../config/kubernetes/from-kubernetes.ts';
import { safe } from '../domain/safe.ts';
import { count } from './wording.ts';

const groups: readonly (readonly [severity: Note['severity'], title: string])[] = [
  ['error', 'Left out'],
  ['warning', 'Served otherwise than there'],
  ['note', 'To be known'],
];

export function reportLines(made: FromKubernetes): string[] {
  const found = [...made.found].map(([kind, number]) => `${number} ${safe(kind, 80)}`);
  return [
    `Found: ${found.length === 0 ? 'nothing' : found.join(', ')}`,
    ...groups.flatMap(([severity, title]) => {
      const notes = made.notes.filter((note) => note.severity === severity);
      if (notes.length === 0) return [];
      return ['', `${title}:`, ...notes.map(noteLine)];
    }),
    '',
  ];
}

function noteLine({ file, line, severity, text }: Note): string {
  return `${safe(file)}:${line} ${severity}: ${text}`;
}

/** "2 shards, 12 routes, 14 backends, 31 servers". */
export function madeOf({ configuration: { shards, routes, backends } }: FromKubernetes): string {
  const servers = backends.reduce((sum, backend) => sum + backend.servers.length, 0);
  return [
    count(shards.length, 'shard'),
    count(routes.length, 'route'),
    count(backends.length, 'backend'),
    count(servers, 'server'),
  ].join(', ');
}

/** Routes and IngressControllers that are not in the configuration. */
export function leftOut({ configuration, found }: FromKubernetes): number {
  const routes = (found.get('Route') ?? 0) - configuration.routes.length;
  const controllers = found.get('IngressController') ?? 0;
  return routes + (controllers === 0 ? 0 : controllers - configuration.shards.length);
}
