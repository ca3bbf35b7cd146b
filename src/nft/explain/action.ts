// An action of a rule in plain English, with what it is done to put in: "drops every packet from …".

import { safe } from '../../domain/safe.ts';
import type { Expression, Json } from '../json.ts';
import { countField, fieldOf, listOf, onlyEntry, textField, textsOf } from '../json-fields.ts';
import { choiceOf, pairsOf } from '../ruleset/alternatives.ts';
import { valueWords } from './condition.ts';
import { noun } from './nouns.ts';
import { choiceWords, placeWords, verdictWords } from './places.ts';
import { asWritten, constant, setWords, type Telling } from './telling.ts';

/** `simple`: nothing comes behind the object, so several can share one: "counts and drops every packet". */
export interface Action {
  readonly simple?: string;
  readonly words: (object: string) => string;
}

const simple = (verb: string): Action => ({ simple: verb, words: (object) => `${verb} ${object}` });

export function actionOf(statement: Expression, telling: Telling): Action {
  const [kind, body] = onlyEntry(statement) ?? [];
  if (kind === undefined || body === undefined) return unknown(statement, telling);
  switch (kind) {
    case 'accept':
      return simple('accepts');
    case 'drop':
      return simple('drops');
    case 'continue':
      return { words: (object) => `goes on to the next rule with ${object}` };
    case 'return':
      return { words: (object) => `ends this chain for ${object}` };
    case 'jump':
      return {
        words: (object) =>
          `sends ${object} through chain ${targetOf(body)}, and on here if nothing there decides`,
      };
    case 'goto':
      return { words: (object) => `hands ${object} over to chain ${targetOf(body)}` };
    case 'counter':
      return counterAction(body, telling);
    case 'last':
      return { words: (object) => `remembers when it last met ${object}` };
    case 'log':
      return logAction(body);
    case 'reject':
      return rejectAction(body, telling);
    case 'vmap':
      return vmapAction(body, telling);
    case 'dnat':
    case 'snat':
    case 'masquerade':
    case 'redirect':
      return natAction(kind, body, telling);
    case 'mangle':
      return mangleAction(body, telling);
    case 'set':
    case 'map':
      return setAction(kind, body, telling);
    case 'queue': {
      const num = fieldOf(body, 'num');
      const queue = num === undefined ? '' : `, queue ${valueWords(undefined, num, telling)}`;
      const past = textsOf(fieldOf(body, 'flags')).includes('bypass')
        ? '; past it where no program listens'
        : '';
      return { words: (object) => `hands ${object} to a program (nfqueue${queue}${past})` };
    }
    case 'notrack':
      return { words: (object) => `keeps ${object} from being tracked as a connection` };
    case 'tproxy': {
      const place = placeWords(body, telling) ?? 'a socket';
      return {
        words: (object) => `gives ${object} to the local socket at ${place}, addresses unchanged (tproxy)`,
      };
    }
    case 'dup':
      return { words: (object) => `sends a copy of ${object} to ${deviceOrPlace(body, telling)}` };
    case 'fwd':
      return { words: (object) => `sends ${object} straight out by ${deviceOrPlace(body, telling)}` };
    case 'flow': {
      const table = name(textField(body, 'flowtable')?.replace(/^@/, ''));
      return {
        words: (object) => `lets the connection of ${object} take the short cut of flowtable ${table}`,
      };
    }
    case 'synproxy':
      return { words: (object) => `answers the handshake of ${object} in the server’s place (synproxy)` };
    case 'ct helper':
    case 'ct timeout':
    case 'ct expectation': {
      const what = kind.slice(3);
      return {
        words: (object) =>
          `gives the connection of ${object} the ${what} ${constant(body, undefined, telling)}`,
      };
    }
    case 'secmark':
      return { words: (object) => `gives ${object} the security mark ${constant(body, undefined, telling)}` };
    case 'reset':
      return { words: (object) => `takes the ${noun(body, telling)} out of ${object}` };
    case 'xt':
      return unknown(statement, telling, 'an extension of iptables');
    default:
      return unknown(statement, telling);
  }
}

function unknown(statement: Expression, telling: Telling, what?: string): Action {
  const written = asWritten(statement, telling);
  return { words: (object) => `does ${what === undefined ? '' : `${what}: `}${written} with ${object}` };
}

const name = (raw: string | undefined): string => safe(raw ?? '?', 120);
const targetOf = (body: Json): string => name(textField(body, 'target'));

function counterAction(body: Json, telling: Telling): Action {
  if (typeof body === 'string') return { words: (object) => `counts ${object} (counter ${name(body)})` };
  const map = fieldOf(body, 'map');
  if (map === undefined) return simple('counts');
  const key = noun(fieldOf(map, 'key'), telling);
  const data = fieldOf(map, 'data');
  const where = typeof data === 'string' ? ` has in ${setWords(data, telling)}` : ' has in a list';
  return { words: (object) => `counts ${object} with the counter that its ${key}${where}` };
}

function logAction(body: Json): Action {
  const prefix = textField(body, 'prefix');
  const group = countField(body, 'group');
  const level = textField(body, 'level');
  const how = [
    ...(prefix === undefined ? [] : [`as “${safe(prefix.trim(), 100)}”`]),
    ...(group === undefined ? [] : [`to group ${group}`]),
    ...(level === undefined ? [] : [`at level ${safe(level, 20)}`]),
  ].join(' ');
  return how === '' ? simple('logs') : { words: (object) => `logs ${object} ${how}` };
}

function rejectAction(body: Json, telling: Telling): Action {
  const type = textField(body, 'type');
  const code = fieldOf(body, 'expr');
  const answer =
    type === 'tcp reset'
      ? 'a TCP reset'
      : `“${code === undefined ? 'port-unreachable' : constant(code, undefined, telling)}” (ICMP)`;
  return { words: (object) => `refuses ${object}, with ${answer} as the answer` };
}

function vmapAction(body: Json, telling: Telling): Action {
  const choice = choiceOf(body, telling.table);
  if (choice !== undefined) {
    const told = choiceWords(choice, 'ways', (one) => verdictWords(one, telling), telling);
    return { words: (object) => `sends ${object} ${told}` };
  }
  const key = noun(fieldOf(body, 'key'), telling);
  const data = fieldOf(body, 'data');
  if (typeof data === 'string')
    return { words: (object) => `lets ${setWords(data, telling)} decide on ${object}, by its ${key}` };
  const pairs = pairsOf(data, telling.table);
  const told = pairs
    .slice(0, 8)
    .map(
      ([value, verdict]) =>
        `${valueWords(fieldOf(body, 'key'), value, telling)} → ${verdictWords(verdict, telling)}`,
    );
  if (pairs.length > 8) told.push(`… ${(pairs.length - 8).toLocaleString('en')} more`);
  return { words: (object) => `decides on ${object} by its ${key}: ${told.join(', ')}` };
}

function natAction(kind: string, body: Json, telling: Telling): Action {
  const place = placeWords(body, telling);
  const flags = textsOf(fieldOf(body, 'flags'));
  const ports = flags.some((flag) => flag === 'random' || flag === 'fully-random') ? ', ports at random' : '';
  const stays = flags.includes('persistent') ? ', each client always the same' : '';
  switch (kind) {
    case 'dnat':
      return {
        words: (object) =>
          place === undefined
            ? `translates the destination of ${object}`
            : `sends ${object} on to ${fieldOf(body, 'addr') === undefined ? `${place} of the same address` : place}${ports}${stays} (DNAT)`,
      };
    case 'redirect':
      return {
        words: (object) =>
          `sends ${object} to this machine itself${place === undefined ? '' : `, ${place}`}${ports} (redirect)`,
      };
    case 'snat':
      return {
        words: (object) =>
          `lets ${object} appear to come from ${place ?? 'another address'}${ports}${stays} (SNAT)`,
      };
    default:
      return {
        words: (object) =>
          `lets ${object} appear to come from this machine’s own address${place === undefined ? '' : `, ${place}`}${ports} (masquerade)`,
      };
  }
}

function mangleAction(body: Json, telling: Telling): Action {
  const key = fieldOf(body, 'key');
  const value = fieldOf(body, 'value');
  const [of, keyBody] = onlyEntry(key) ?? [];
  const what = noun(key, telling);
  if (of === 'meta' && textField(keyBody, 'key') === 'nftrace')
    return value === 1
      ? { words: (object) => `traces the way of ${object} through the rules` }
      : { words: (object) => `does not trace ${object}` };
  // "meta mark set meta mark | 0x4000": a bit of it.
  const [operator, operands] = onlyEntry(value) ?? [];
  const [first, second] = listOf(operands);
  if (operator === '|' && typeof second === 'number' && sameExpression(first, key))
    return { words: (object) => `adds ${constant(second, key, telling)} to the ${what} of ${object}` };
  if (operator === '^' && typeof second === 'number' && sameExpression(first, key))
    return { words: (object) => `flips ${constant(second, key, telling)} in the ${what} of ${object}` };
  if (operator === '&' && typeof second === 'number' && sameExpression(first, key))
    return { words: (object) => `keeps only ${constant(second, key, telling)} of the ${what} of ${object}` };
  const to = onlyEntry(value) === undefined ? constant(value, key, telling) : ownedBy(noun(value, telling));
  return { words: (object) => `sets the ${what} of ${object} to ${to}` };
}

const ownedBy = (told: string): string => (/ of (?:its|the) /.test(told) ? `the ${told}` : `its ${told}`);

function sameExpression(a: Json | undefined, b: Json | undefined): boolean {
  const [x, y] = [onlyEntry(a), onlyEntry(b)];
  return (
    x !== undefined &&
    y !== undefined &&
    x[0] === y[0] &&
    textField(x[1], 'key') === textField(y[1], 'key') &&
    x[0] !== 'payload'
  );
}

function setAction(kind: 'set' | 'map', body: Json, telling: Telling): Action {
  const set = name(textField(body, kind)?.replace(/^@/, ''));
  const element = fieldOf(body, 'elem');
  const whole = fieldOf(element, 'elem');
  const what = noun(whole === undefined ? element : fieldOf(whole, 'val'), telling);
  const timeout = countField(whole, 'timeout');
  const stay = timeout === undefined ? '' : `, for ${timeout} s`;
  switch (textField(body, 'op')) {
    case 'delete':
      return { words: (object) => `takes the ${what} of ${object} out of the ${kind} ${set}` };
    case 'update':
      return {
        words: (object) => `puts the ${what} of ${object} into the ${kind} ${set}${stay} (anew each time)`,
      };
    default:
      return { words: (object) => `puts the ${what} of ${object} into the ${kind} ${set}${stay}` };
  }
}

function deviceOrPlace(body: Json, telling: Telling): string {
  const [addr, dev] = [fieldOf(body, 'addr'), fieldOf(body, 'dev')];
  return [
    ...(addr === undefined ? [] : [placeWords({ addr }, telling) ?? '']),
    ...(dev === undefined ? [] : [constant(dev, undefined, telling)]),
  ].join(' by ');
}
