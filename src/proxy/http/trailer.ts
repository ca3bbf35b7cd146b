// The trailer section of a chunked body: fields that may not come after the body (RFC 9110 6.5.1) make it malformed,
// since a server that merged them into the head would delimit, route or trust the message differently.

import { tellsOfCertificate } from './client-certificate-fields.ts';
import type { FieldSink } from './field-lines.ts';
import { malformed, type Refusal } from './refusal.ts';

const forbidden: ReadonlySet<string> = new Set([
  'authorization',
  'connection',
  'content-encoding',
  'content-length',
  'content-range',
  'content-type',
  'cookie',
  'expect',
  'host',
  'keep-alive',
  'max-forwards',
  'proxy-authorization',
  'proxy-connection',
  'range',
  'set-cookie',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-port',
  'x-forwarded-proto',
]);

export class Trailer implements FieldSink {
  resumeAt = 0;
  refusal: Refusal | undefined = undefined;
  text = '';

  field(text: string, line: number, nameEnd: number): Refusal | undefined {
    return forbidden.has(text.slice(line, nameEnd).toLowerCase()) || tellsOfCertificate(text, line, nameEnd)
      ? malformed('a trailer that may only stand in the head')
      : undefined;
  }
}
