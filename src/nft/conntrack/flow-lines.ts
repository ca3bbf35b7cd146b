// Lines of `conntrack -L -o id,extended`:
//   ipv4     2 tcp      6 431999 ESTABLISHED src=… dst=… sport=… dport=… packets=3 bytes=164 src=… dst=… sport=… dport=…
//   packets=2 bytes=128 [ASSURED] mark=0 zone=1 delta-time=1 use=1 id=3667214564
// What it writes differs with the kernel's settings: packets only with accounting, [UNREPLIED] between the sides, no timeout and
// no state of what a flowtable carries.

import type { Flow, FlowSide } from './conntrack.ts';

/** Undefined where it is not one of a TCP connection. `now`: wall clock, for when it began. */
export function flowOf(line: string, now: number): Flow | undefined {
  const words = line.trim().split(/\s+/);
  const [family, , protocol, number] = words;
  if ((family !== 'ipv4' && family !== 'ipv6') || protocol !== 'tcp' || number !== '6') return undefined;
  let at = 4;
  const timeoutS = numberOf(words[at]);
  if (timeoutS !== undefined) at += 1;
  const isNamed = /^[A-Z][A-Z0-9_]*$/.test(words[at] ?? '');
  const state = isNamed ? words[at]! : /\[(?:HW_)?OFFLOAD\]/.test(line) ? 'OFFLOAD' : '';
  if (isNamed) at += 1;
  const sides: Record<string, string>[] = [];
  const others = new Map<string, string>();
  for (const word of words.slice(at)) {
    const equals = word.indexOf('=');
    if (equals < 1) continue;
    const key = word.slice(0, equals);
    const value = word.slice(equals + 1);
    if (key === 'src') sides.push({});
    if (sideKeys.has(key) && sides.length > 0) sides.at(-1)![key] ??= value;
    else if (!others.has(key)) others.set(key, value);
  }
  const id = numberOf(others.get('id'));
  const original = sideOf(sides[0]);
  const reply = sideOf(sides[1]);
  if (id === undefined || original === undefined || reply === undefined || state === '') return undefined;
  const age = numberOf(others.get('delta-time'));
  return {
    id,
    family,
    state,
    timeoutS: timeoutS ?? 0,
    original,
    reply,
    ...(age !== undefined && { startedAt: now - age * 1_000 }),
  };
}

const sideKeys = new Set(['src', 'dst', 'sport', 'dport', 'packets', 'bytes']);

function sideOf(words: Record<string, string> | undefined): FlowSide | undefined {
  if (words === undefined) return undefined;
  const { src: source, dst: destination } = words;
  const sourcePort = portOf(words.sport);
  const destinationPort = portOf(words.dport);
  if (!source || !destination || sourcePort === undefined || destinationPort === undefined) return undefined;
  const packets = numberOf(words.packets);
  const bytes = numberOf(words.bytes);
  return {
    source,
    sourcePort,
    destination,
    destinationPort,
    ...(packets !== undefined && { packets }),
    ...(bytes !== undefined && { bytes }),
  };
}

function numberOf(word: string | undefined): number | undefined {
  if (word === undefined || !/^\d{1,20}$/.test(word)) return undefined;
  return Number(word);
}

function portOf(word: string | undefined): number | undefined {
  const port = numberOf(word);
  return port === undefined || port > 65_535 ? undefined : port;
}
