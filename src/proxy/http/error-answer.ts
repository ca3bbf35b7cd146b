// The answers that are ours, not a server's: a status and one sentence that names the cause and no secret.

const reasons: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  413: 'Content Too Large',
  414: 'URI Too Long',
  417: 'Expectation Failed',
  421: 'Misdirected Request',
  431: 'Request Header Fields Too Large',
  501: 'Not Implemented',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
  505: 'HTTP Version Not Supported',
};

/**
 * A whole response. `withBody` false answers HEAD: the head alone, as GET would have had it.
 * `lines`: header lines of its route, each with its CRLF.
 */
export function errorAnswer(
  status: number,
  cause: string,
  close: boolean,
  withBody: boolean,
  lines = '',
): string {
  const reason = reasons[status] ?? 'Error';
  const body = `${status} ${reason}: ${cause}\n`;
  const allow = status === 405 ? 'Allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\r\n' : '';
  return (
    `HTTP/1.1 ${status} ${reason}\r\nContent-Type: text/plain; charset=utf-8\r\nCache-Control: no-store\r\n` +
    `${allow}${lines}Content-Length: ${Buffer.byteLength(body)}\r\n${close ? 'Connection: close\r\n' : ''}\r\n` +
    (withBody ? body : '')
  );
}
