// The filter expressions of `/`, `tail --filter` and connection queries: text in, a predicate or one clear error out.
//
//   any   = all { "or" all }          condition = field operator value      age>10s   status = 5xx
//   all   = one { ["and"] one }       value     = word | "quoted"
//   one   = ("not" | "!") one | "(" any ")" | condition | word
//
// Time and memory are linear in the length, and matching runs no pattern that an operator wrote.

import { bareWordTest, type FilterSubject, filterFields, type Operator, type Test } from './filter-fields.ts';
import { nearest } from './nearest.ts';

export type FilterResult =
  | { readonly ok: true; matches(subject: FilterSubject): boolean }
  /** `at`: zero-based offset into the text. */
  | { readonly ok: false; readonly at: number; readonly message: string; readonly remedy?: string };

export const maxFilterLength = 1_000;
const maxDepth = 50;

const fieldsByName = new Map(filterFields.map((entry) => [entry.name, entry]));

/** The empty text matches everything. */
export function parseFilter(text: string): FilterResult {
  if (text.length > maxFilterLength)
    return { ok: false, at: maxFilterLength, message: `a filter has at most ${maxFilterLength} characters` };
  const reader = { text, at: 0, depth: 0 };
  try {
    skipBlanks(reader);
    if (reader.at === text.length) return { ok: true, matches: () => true };
    const test = readAny(reader);
    if (reader.at < text.length) fail(reader.at, 'there is no "(" for this ")"', 'remove it, or add the "("');
    return { ok: true, matches: test };
  } catch (fault) {
    if (fault instanceof FilterFault) return fault.result;
    throw fault;
  }
}

/** Unwinds the recursive descent; never leaves this file. */
class FilterFault extends Error {
  readonly result: FilterResult & { ok: false };
  constructor(result: FilterResult & { ok: false }) {
    super(result.message);
    this.result = result;
  }
}

function fail(at: number, message: string, remedy?: string): never {
  throw new FilterFault({ ok: false, at, message, ...(remedy === undefined ? {} : { remedy }) });
}

interface Reader {
  readonly text: string;
  at: number;
  depth: number;
}

function skipBlanks(reader: Reader): void {
  while (/\s/.test(reader.text[reader.at] ?? '')) reader.at++;
}

/** Consumes the word where it stands alone, in any case, and blanks after it. */
function takeKeyword(reader: Reader, keyword: string): boolean {
  const end = reader.at + keyword.length;
  if (reader.text.slice(reader.at, end).toLowerCase() !== keyword) return false;
  if (end < reader.text.length && !/[\s()!"]/.test(reader.text[end]!)) return false;
  reader.at = end;
  skipBlanks(reader);
  return true;
}

function takeCharacter(reader: Reader, character: string): boolean {
  if (reader.text[reader.at] !== character) return false;
  reader.at++;
  skipBlanks(reader);
  return true;
}

function readAny(reader: Reader): Test {
  const tests = [readAll(reader)];
  while (takeKeyword(reader, 'or')) tests.push(readAll(reader));
  return tests.length === 1 ? tests[0]! : (subject) => tests.some((test) => test(subject));
}

function readAll(reader: Reader): Test {
  const tests = [readOne(reader)];
  while (reader.at < reader.text.length && reader.text[reader.at] !== ')') {
    if (isAhead(reader, 'or')) break;
    takeKeyword(reader, 'and');
    tests.push(readOne(reader));
  }
  return tests.length === 1 ? tests[0]! : (subject) => tests.every((test) => test(subject));
}

function isAhead(reader: Reader, keyword: string): boolean {
  return takeKeyword({ ...reader }, keyword);
}

function readOne(reader: Reader): Test {
  const start = reader.at;
  if (++reader.depth > maxDepth) fail(start, `nested more than ${maxDepth} deep`);
  const test = readNested(reader, start);
  reader.depth--;
  return test;
}

function readNested(reader: Reader, start: number): Test {
  if (takeCharacter(reader, '!') || takeKeyword(reader, 'not')) {
    const test = readOne(reader);
    return (subject) => !test(subject);
  }
  if (takeCharacter(reader, '(')) {
    const test = readAny(reader);
    if (!takeCharacter(reader, ')')) fail(start, 'this "(" is never closed', 'add a ")"');
    return test;
  }
  if (reader.at >= reader.text.length || reader.text[reader.at] === ')')
    fail(reader.at, 'a condition is missing here', 'such as status>=500');
  if (isAhead(reader, 'and') || isAhead(reader, 'or'))
    fail(start, 'a condition is missing before this word', 'to search for the word itself, quote it');
  if (reader.text[reader.at] !== '"') {
    const condition = readCondition(reader);
    if (condition) return condition;
  }
  const word = readWord(reader);
  if (/^(\|\|?|&&?)$/.test(word))
    fail(start, `"${word}" is not a word of filters`, 'write "or"; blanks mean "and"');
  return bareWordTest(word);
}

const conditionHead = /([a-z][a-z_]*)(\s*)(!=|<=|>=|[=~<>])\s*/iy;

function readCondition(reader: Reader): Test | undefined {
  conditionHead.lastIndex = reader.at;
  const head = conditionHead.exec(reader.text);
  if (!head) return undefined;
  const [whole, name = '', , operator = ''] = head;
  const found = fieldsByName.get(name.toLowerCase());
  if (!found) {
    const meant = nearest(name, fieldsByName.keys());
    const known = `the fields are ${[...fieldsByName.keys()].join(', ')}`;
    fail(reader.at, `there is no field "${name}"`, meant ? `did you mean ${meant}?` : known);
  }
  reader.at += whole.length;
  const valueAt = reader.at;
  const next = reader.text[valueAt];
  if (next === undefined || next === ')' || next === '(')
    fail(valueAt, `a value is missing after "${name}${operator}"`, `such as ${found.example}`);
  const value = readWord(reader);
  const negated = operator === '!=';
  const made = found.test(negated ? '=' : (operator as Operator), value);
  if (!made.ok) fail(valueAt, `${name}: ${made.message}`, made.remedy);
  return negated ? (subject) => !made.test(subject) : made.test;
}

/** Up to a blank or parenthesis; or a quoted text, in which \" and \\ stand for themselves. */
function readWord(reader: Reader): string {
  const { text } = reader;
  const start = reader.at;
  if (text[start] !== '"') {
    while (reader.at < text.length && !/[\s()]/.test(text[reader.at]!)) reader.at++;
    const word = text.slice(start, reader.at);
    skipBlanks(reader);
    return word;
  }
  let word = '';
  for (reader.at++; text[reader.at] !== '"'; reader.at++) {
    if (text[reader.at] === '\\' && /["\\]/.test(text[reader.at + 1] ?? '')) reader.at++;
    if (reader.at >= text.length) fail(start, 'this quotation mark is never closed', 'add a "');
    word += text[reader.at];
  }
  reader.at++;
  skipBlanks(reader);
  return word;
}
