// One request of a demo's client, which shrugs at errors.
import { request } from 'node:http';
import type { RequestOptions } from 'node:https';

export interface Asked {
  /** With the agent, and the protocol where it is not http:. */
  readonly to: RequestOptions;
  readonly host: string;
  readonly path: string;
  readonly method?: string;
  readonly body?: string;
  readonly cookie?: string;
  /** Bytes per second at most, by reading that slowly. */
  readonly slowly?: boolean;
}

/** Resolves with the cookie it was given, once the answer is over; never rejects. */
export function ask(asked: Asked): Promise<string | undefined> {
  const { to, host, path, method = 'GET', body, cookie, slowly = false } = asked;
  return new Promise((resolve) => {
    const outgoing = request(
      {
        ...to,
        path,
        method,
        headers: {
          host,
          'user-agent': 'sluice-demo',
          ...(cookie === undefined ? {} : { cookie }),
          ...(body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }),
        },
      },
      (response) => {
        const given = response.headers['set-cookie']?.[0]?.split(';')[0];
        response.on('error', () => resolve(given));
        response.on('close', () => resolve(given));
        if (slowly)
          response.on('data', () => {
            response.pause();
            setTimeout(() => response.resume(), 250);
          });
        else response.resume();
      },
    );
    outgoing.on('error', () => resolve(undefined));
    outgoing.end(body);
  });
}
