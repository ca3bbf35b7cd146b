// Names of our objects in nft: letters, digits, "_" and "." alone, so that a ruleset written as text can be loaded again.

const hooks: ReadonlySet<string> = new Set(['prerouting', 'input', 'forward', 'output', 'postrouting']);

/** "path", "db/pg1" → "path_db_pg1"; a text that had to be bent ends in a hash of itself, so that no two names are the same. */
export function objectName(part: string, text: string): string {
  // Those of hooks are the names of our own chains.
  const plain = /^[A-Za-z0-9.]{1,30}(\/[A-Za-z0-9.]{1,30})?$/.test(text) && !hooks.has(text);
  const written = text.replace(/[^A-Za-z0-9.]/g, '_');
  return plain ? `${part}_${written}` : `${part}_${written.slice(0, 40)}_${hashOf(text)}`;
}

/** The kernel keeps 128 bytes of a comment, of which the last one ends it. */
export function commentOf(text: string): string {
  let cut = text;
  // Half of a character is not taken.
  while (Buffer.byteLength(cut) > 120) cut = cut.replace(/.$/su, '');
  return cut;
}

/** FNV-1a: enough to tell names apart. */
export function hashOf(text: string): string {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++)
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193) >>> 0;
  return hash.toString(16).padStart(8, '0');
}
