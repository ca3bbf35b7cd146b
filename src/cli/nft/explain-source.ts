// What `sluice nft explain` explains: the ruleset of this machine, a file of what `nft -j list ruleset` printed, or rules as text.
import { createReadStream } from 'node:fs';
import { safe } from '../../domain/safe.ts';
import type { Json } from '../../nft/json.ts';
import { fieldOf } from '../../nft/json-fields.ts';
import { NftError } from '../../nft/process/nft.ts';
import { usableOf } from '../../nft/process/nft-errors.ts';
import { createNft } from '../../nft/process/run-nft.ts';
import { CliFailure } from '../failure.ts';
import { systemClock } from '../system-clock.ts';
import { objectsOfText } from './explain-text.ts';

const maxBytes = 128 * 1024 * 1024;

/** @throws CliFailure */
export async function readSource(
  file: string | undefined,
  stdin: AsyncIterable<Buffer | string> = process.stdin,
): Promise<readonly Json[]> {
  if (file === undefined) return liveObjects();
  const name = file === '-' ? 'standard input' : file;
  const text = await textOf(name, file === '-' ? stdin : createReadStream(file));
  if (!/^\s*[[{]/.test(text)) return objectsOfText(text, file === '-' ? undefined : file);
  return objectsOfJson(text, name);
}

async function liveObjects(): Promise<readonly Json[]> {
  try {
    return await createNft({ clock: systemClock }).list('ruleset');
  } catch (error) {
    if (!(error instanceof NftError)) throw error;
    const { no, remedy } = usableOf(error, 'read');
    throw new CliFailure(
      error.code === 'not-permitted' ? 'not-permitted' : 'refused',
      no,
      remedy ?? 'explain a file: nft -j list ruleset > FILE, there where it may be read',
    );
  }
}

function objectsOfJson(text: string, name: string): readonly Json[] {
  let value: Json;
  try {
    value = JSON.parse(text) as Json;
  } catch (error) {
    throw new CliFailure(
      'usage',
      `${safe(name)} is no JSON: ${safe((error as Error).message, 200)}`,
      'give what `nft -j list ruleset` prints, whole',
    );
  }
  const objects = Array.isArray(value) ? value : fieldOf(value, 'nftables');
  if (Array.isArray(objects)) return objects as readonly Json[];
  throw new CliFailure(
    'usage',
    `${safe(name)} has no list "nftables"`,
    'give what `nft -j list ruleset` prints',
  );
}

async function textOf(name: string, stream: AsyncIterable<Buffer | string>): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of stream) {
      const octets = Buffer.from(chunk);
      size += octets.length;
      if (size > maxBytes) throw new Error(`it is larger than ${maxBytes / 1024 / 1024} MiB`);
      chunks.push(octets);
    }
  } catch (error) {
    throw new CliFailure('usage', `${safe(name)} cannot be read: ${safe((error as Error).message, 200)}`);
  }
  const octets = Buffer.concat(chunks);
  if (octets.includes(0)) throw new CliFailure('usage', `${safe(name)} is a binary file, not rules`);
  return octets.toString('utf8');
}
