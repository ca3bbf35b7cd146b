// What was made of Kubernetes objects → the text of a sluice.yaml, which the configuration's own reader takes. Written as
// people write it: short maps on one line.

import { Document, isCollection, isPair, isScalar, visit } from 'yaml';
import type { WrittenConfiguration } from './written.ts';

/** What a line may hold; more is written as a block. */
const widest = 90;

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
  visit(document, {
    Collection(_, node, path) {
      const depth = path.filter((each) => isCollection(each)).length;
      // Lists of things stay lists; what a thing is made of goes on a line where it fits.
      if (depth >= 2 && (widthOf(node) <= widest || node.items.length === 0)) node.flow = true;
    },
  });
  const comments = remarks.map((line) => `# ${line}\n`).join('');
  return `${comments}\n${document.toString({ lineWidth: 0, flowCollectionPadding: true })}`;
}

/** On one line, roughly; stops counting where it is too wide. */
function widthOf(node: unknown): number {
  if (isPair(node)) return widthOf(node.key) + widthOf(node.value) + 2;
  if (isScalar(node)) return String(node.value).length + 2;
  if (!isCollection(node)) return 0;
  let width = 2;
  for (const item of node.items) {
    width += widthOf(item) + 2;
    if (width > widest) break;
  }
  return width;
}
