// Bearer tokens: a file of "NAME ROLE SHA256-HEX" lines that only its owner may read. A token itself is never stored.

import { createHash, timingSafeEqual } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { type Role, role } from '../../protocol/schemas/words.ts';
import { RuntimeError } from '../runtime-error.ts';

export interface TokenEntry {
  readonly name: string;
  readonly role: Role;
  readonly hash: Buffer;
}

export function tokenHash(token: string): Buffer {
  return createHash('sha256').update(token, 'utf8').digest();
}

/** The line to put into a tokens file. */
export function tokenLine(name: string, as: Role, token: string): string {
  return `${name} ${as} ${tokenHash(token).toString('hex')}`;
}

/** @throws RuntimeError naming file and line */
export function parseTokens(text: string, file: string): TokenEntry[] {
  const entries: TokenEntry[] = [];
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    const [name, as, hex, ...more] = line.split(/\s+/);
    const known = role.safeParse(as);
    if (!name || !known.success || !hex || !/^[0-9a-f]{64}$/i.test(hex) || more.length > 0)
      throw new RuntimeError(
        'bad-tokens',
        `${file}:${index + 1}: not "NAME viewer|operator SHA256-HEX" (the hash, never the token itself)`,
      );
    entries.push({ name, role: known.data, hash: Buffer.from(hex, 'hex') });
  }
  return entries;
}

/** @throws RuntimeError where others than the owner may read it, or a line is wrong */
export async function readTokens(file: string): Promise<TokenEntry[]> {
  const { mode } = await stat(file);
  if ((mode & 0o077) !== 0)
    throw new RuntimeError(
      'bad-tokens',
      `${file}: others than its owner may read it (mode ${(mode & 0o777).toString(8)}): chmod 600 ${file}`,
    );
  return parseTokens(await readFile(file, 'utf8'), file);
}

/** Compares with every entry, so that the time taken tells nothing of which one was near. */
export function findToken(entries: readonly TokenEntry[], token: string): TokenEntry | undefined {
  const hash = tokenHash(token);
  let found: TokenEntry | undefined;
  for (const entry of entries) if (timingSafeEqual(entry.hash, hash)) found = entry;
  return found;
}
