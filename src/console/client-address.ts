// The address in a client's endpoint.

/** "10.2.0.7" of "10.2.0.7:51811", "2001:db8::7" of "[2001:db8::7]:61002"; of a unix socket there is none. */
export function addressOf(client: string): string | undefined {
  const bracketed = /^\[(.+)\]:\d+$/.exec(client)?.[1];
  return bracketed ?? /^([\d.]+):\d+$/.exec(client)?.[1];
}
