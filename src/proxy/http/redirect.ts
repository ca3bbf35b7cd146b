// The answer to plain HTTP for a host that is to be asked over TLS (insecureEdgeTerminationPolicy: Redirect), as
// HAProxy's `redirect scheme https` gives it.

import type { RequestHead } from './request-head.ts';

/**
 * The same host and target over TLS, as they were asked for; undefined where the request names no host.
 * Both were checked octet by octet when the head was read, so neither can end the header line.
 */
export function redirectLocation(head: RequestHead, tlsPort: number | undefined): string | undefined {
  const { hostName, target, originTarget } = head;
  if (hostName === '') return undefined;
  const port = tlsPort === undefined || tlsPort === 0 || tlsPort === 443 ? '' : `:${tlsPort}`;
  const path = originTarget === '' ? target : originTarget;
  // "*" asks the server as a whole (RFC 9110 9.3.7), which no URL can say.
  return `https://${hostName}${port}${path === '*' ? '/' : path}`;
}

/** A whole response, without a body for whatever method. */
export function redirectAnswer(location: string, close: boolean): string {
  return (
    `HTTP/1.1 302 Found\r\nLocation: ${location}\r\nCache-Control: no-cache\r\nContent-Length: 0\r\n` +
    `${close ? 'Connection: close\r\n' : ''}\r\n`
  );
}
