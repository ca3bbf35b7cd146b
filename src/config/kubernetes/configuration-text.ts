// What was made of Kubernetes objects → the text of a sluice.yaml, which the configuration's own reader takes.

import { Document } from 'yaml';
import type { WrittenConfiguration } from './written.ts';

/** `remarks`: lines for the top, as comments. */
export function configurationText(configuration: WrittenConfiguration, remarks: readonly string[]): string {
  const { certificates, namespaces, shards, routes, backends } = configuration;
  const document = new Document(
    {
      // The router's (haproxy-config.template), where ours is another.
      timeouts: { connect: '5s' },
      ...(certificates.length > 0 && { certificates }),
      ...(namespaces.length > 0 && { namespaces }),
      shards,
      routes,
      backends,
    },
    // Shared objects are written out each time: an alias says nothing to who reads it.
    { aliasDuplicateObjects: false },
  );
  const comments = remarks.map((line) => `# ${line}\n`).join('');
  return `${comments}\n${document.toString({ lineWidth: 0, flowCollectionPadding: true })}`;
}
