// Where would this request go? A question of up to four fields, and the runtime's answer step by step. Changes nothing. Pure.

import type { ConnectionRow } from '../../domain/connection.ts';
import type { Model, RouteEntity } from '../../domain/model.ts';
import type { Trace, TraceQuestion } from '../../domain/trace.ts';
import { addressOf } from '../client-address.ts';
import { type TypedText, typed } from '../typed-text.ts';

export const traceFields = ['url', 'from', 'sni', 'cookie'] as const;
export type TraceField = (typeof traceFields)[number];

export type TraceSeen =
  | { readonly state: 'asking'; readonly since: number }
  | { readonly state: 'shown'; readonly trace: Trace }
  | { readonly state: 'failed'; readonly reason: string };

export interface TraceDialog {
  /** Tells the answer to one question from that to the one before it. */
  readonly id: number;
  readonly stage: 'ask' | 'answer';
  readonly texts: Readonly<Record<TraceField, TypedText>>;
  readonly field: TraceField;
  readonly seen: TraceSeen;
  readonly top: number;
  readonly hint?: string | undefined;
}

export function openTrace(id: number, question: TraceQuestion, field: TraceField): TraceDialog {
  const { url, from = '', sni = '', cookie = '' } = question;
  return {
    id,
    stage: 'ask',
    texts: { url: typed(url), from: typed(from), sni: typed(sni), cookie: typed(cookie) },
    field,
    seen: { state: 'asking', since: 0 },
    top: 0,
  };
}

export function questionOf({ texts }: TraceDialog): TraceQuestion {
  const [url, from, sni, cookie] = traceFields.map((field) => texts[field].text.trim());
  return {
    url: url ?? '',
    ...(from ? { from } : {}),
    ...(sni ? { sni } : {}),
    ...(cookie ? { cookie } : {}),
  };
}

/** A whole URL, as it is pasted behind the scheme that stands there, takes its place. */
export function retypedTrace(dialog: TraceDialog, text: TypedText): TraceDialog {
  const twice =
    dialog.field === 'url' ? /^[a-z]+:\/\/(?=(?:https?|tcp):\/\/)/i.exec(text.text)?.[0].length : 0;
  const kept = { text: text.text.slice(twice ?? 0), at: Math.max(0, text.at - (twice ?? 0)) };
  return { ...dialog, texts: { ...dialog.texts, [dialog.field]: kept }, hint: undefined };
}

export function fieldBeside(dialog: TraceDialog, by: 1 | -1): TraceDialog {
  const at = traceFields.indexOf(dialog.field) + by;
  const field = traceFields[(at + traceFields.length) % traceFields.length]!;
  return { ...dialog, field, hint: undefined };
}

/** What a new connection of the same client that asks for the same would be. */
export function traceOfConnection(row: ConnectionRow, model: Model): TraceQuestion {
  const port = portOf(model.bind.get(row.bind)?.address);
  const host = row.host?.replace(/:\d+$/, '') ?? row.sni;
  const from = addressOf(row.client);
  const isTls = row.tls !== undefined || row.sni !== undefined;
  const scheme = row.mode === 'tcp' && !isTls ? 'tcp' : isTls ? 'https' : 'http';
  const place = host ?? model.bind.get(row.bind)?.address.replace(/:\d+$/, '') ?? 'localhost';
  const sni = row.sni !== undefined && row.sni !== host ? { sni: row.sni } : {};
  return {
    url: `${scheme}://${place}${port}${scheme === 'tcp' ? '' : (row.path ?? '/')}`,
    ...(from === undefined ? {} : { from }),
    ...sni,
  };
}

/** Of a route its own host and path; what a wildcard stands for is anybody's choice. */
export function traceOfRoute(route: RouteEntity): TraceQuestion {
  const host = (route.host ?? 'localhost').replace(/^\*/, 'any');
  return { url: `${route.tls === undefined ? 'http' : 'https'}://${host}${route.path}` };
}

function portOf(address: string | undefined): string {
  return address === undefined ? '' : (/:\d+$/.exec(address)?.[0] ?? '');
}
