// Parts are looked over before nft sees them: a name that nft takes but cannot write down again would spoil every dump of the
// machine's ruleset, and two parts must not fight over one name.

import { NftError } from '../process/nft.ts';
import { elementKey } from './table-content.ts';
import type { PartName, TablePart } from './table-part.ts';

const nameForm = /^[A-Za-z][A-Za-z0-9/\\_.]*$/;
const nameLength = 100;
/** Bytes: nft's, one of which is the NUL at the end. */
const commentLength = 127;
const typeForm = /^[a-z][a-z0-9_]*$/;
/** Our mark in the table: see ownership.ts. */
const reserved = /^owner\./;

/** @throws NftError "refused" with the first fault */
export function checkParts(parts: ReadonlyMap<PartName, TablePart>): void {
  const owners = new Map<string, PartName>();
  const claim = (kind: string, name: string, part: PartName): void => {
    checkName(kind, name);
    const key = `${kind} ${name}`;
    const other = owners.get(key);
    if (other !== undefined)
      refuse(
        other === part
          ? `${kind} "${name}" is there twice in part "${part}"`
          : `${kind} "${name}" is in the parts "${other}" and "${part}"`,
      );
    owners.set(key, part);
  };
  for (const [name, part] of parts) {
    for (const counter of part.counters) {
      claim('counter', counter.name, name);
      checkComment(`counter "${counter.name}"`, counter.comment);
    }
    for (const set of part.sets) {
      claim('set', set.name, name);
      const wrong = [...set.type, ...(set.to?.split(' . ') ?? [])].find((type) => !typeForm.test(type));
      if (wrong !== undefined || set.type.length === 0)
        refuse(`set "${set.name}" is of no type: ${JSON.stringify(wrong ?? '')}`);
      const seen = new Set<string>();
      for (const element of set.elements) {
        const key = elementKey(element.value);
        if (seen.has(key)) refuse(`set "${set.name}" has the element ${key} twice`);
        seen.add(key);
        if ((element.data === undefined) !== (set.to === undefined))
          refuse(
            `element ${key} of "${set.name}" ${set.to === undefined ? 'leads somewhere' : 'leads nowhere'}`,
          );
        checkComment(`element ${key} of "${set.name}"`, element.comment);
      }
    }
    for (const chain of part.chains) {
      claim('chain', chain.name, name);
      for (const rule of chain.rules) checkComment(`a rule of chain "${chain.name}"`, rule.comment);
    }
  }
}

function checkName(kind: string, name: string): void {
  if (!nameForm.test(name) || name.length > nameLength || reserved.test(name))
    refuse(
      `${kind} ${JSON.stringify(name.slice(0, 200))} has a name that nft could not write down again: letters, digits, "_", "." and "/", ${nameLength} at most`,
    );
}

function checkComment(what: string, comment: string | undefined): void {
  if (comment === undefined) return;
  // A dump writes it between quotation marks, and knows no way to write one inside.
  if (!comment.isWellFormed() || /[\p{Cc}"]/u.test(comment))
    refuse(
      `${what} has a comment that nft could not write down again: ${JSON.stringify(comment).slice(0, 200)}`,
    );
  if (new TextEncoder().encode(comment).length > commentLength)
    refuse(`${what} has a comment of more than ${commentLength} bytes`);
}

function refuse(text: string): never {
  throw new NftError('refused', text);
}
