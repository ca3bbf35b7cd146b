// The files of `sluice import`: read as text, folders taken as the YAML and JSON in them, "-" as standard input; and what
// is made of them, written so that no key is ever readable by others.
import { constants, createReadStream } from 'node:fs';
import { access, mkdir, readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { readRegularFile } from '../config/certificates/read-file.ts';
import type { ContentFile, KubernetesFile } from '../config/kubernetes/from-kubernetes.ts';
import { maxBytes } from '../config/kubernetes/read-values.ts';
import { replaceFile } from '../runtime/replace-file.ts';
import { CliFailure } from './failure.ts';

/** @throws CliFailure `usage` where one cannot be read */
export async function readInput(
  names: readonly string[],
  stdin: AsyncIterable<Buffer | string> = process.stdin,
): Promise<KubernetesFile[]> {
  const files: KubernetesFile[] = [];
  for (const named of names) {
    let name = named;
    try {
      if (name === '-') files.push({ file: 'standard input', text: textOf(await allOf(stdin)) });
      else if ((await stat(name)).isDirectory()) {
        const inside = (await readdir(name)).filter((entry) => /\.(ya?ml|json)$/i.test(entry)).sort();
        for (const entry of inside) {
          name = join(named, entry);
          // Nobody named these: a pipe among them would be waited for.
          const { content } = await readRegularFile(name, maxBytes);
          files.push({ file: name, text: textOf(content) });
        }
        // As the other: what is named may be a pipe, and its size says nothing.
      } else files.push({ file: name, text: textOf(await allOf(createReadStream(name))) });
    } catch (error) {
      throw new CliFailure('usage', `${name} cannot be read: ${reasonOf(error)}`);
    }
  }
  return files;
}

async function allOf(stream: AsyncIterable<Buffer | string>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream) {
    const octets = Buffer.from(chunk);
    size += octets.length;
    if (size > maxBytes) throw new Error(`it is larger than ${maxBytes / 1024 / 1024} MiB`);
    chunks.push(octets);
  }
  return Buffer.concat(chunks);
}

function textOf(octets: Buffer): string {
  if (octets.includes(0)) throw new Error('this is a binary file, not YAML or JSON');
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(octets);
  } catch {
    throw new Error('this is not UTF-8 text');
  }
}

function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  switch (code) {
    case 'ENOENT':
      return 'there is no such file';
    case 'EACCES':
      return 'this user may not read it';
    default:
      return message;
  }
}

export async function exists(path: string): Promise<boolean> {
  return access(path, constants.F_OK).then(
    () => true,
    () => false,
  );
}

/** Files that are there with other contents. */
export async function differing(files: readonly ContentFile[]): Promise<string[]> {
  const found: string[] = [];
  for (const { path, content } of files) {
    if (!(await exists(path))) continue;
    // What is no regular file, or larger than anything we write, is something else.
    const there = await readRegularFile(path, maxBytes).catch(() => undefined);
    if (there?.content.toString('utf8') !== content) found.push(path);
  }
  return found;
}

/** 0600 in a folder of 0700, where it is new. */
export async function writeContents(files: readonly ContentFile[]): Promise<void> {
  for (const { path, content } of files) {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    // Another file in its place: a link that lies there is not followed, and nobody has it open.
    await replaceFile(path, content, 0o600);
  }
}
