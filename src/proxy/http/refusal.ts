// Why a message is not relayed: the status it is answered with, and the cause in words for whoever sent it.

export interface Refusal {
  /** What a client is answered. A refused response is always answered 502, whatever this says. */
  readonly status: number;
  /** Names the rule that was broken; never holds a byte of what was sent. */
  readonly cause: string;
}

export function refuse(status: number, cause: string): Refusal {
  return { status, cause };
}

export function malformed(cause: string): Refusal {
  return { status: 400, cause };
}
