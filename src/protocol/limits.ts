// Bounds on everything that comes in and on what may wait to go out (SPEC.md, LM and LN).

export interface Limits {
  /** A console's message, bytes; checked before it is parsed. */
  readonly payloadBytes: number;
  readonly attachments: number;
  /** Of them, for unix sockets alone: whoever is on the machine gets in. */
  readonly localAttachments: number;
  /** Of each listener: open sockets, those that have not asked for anything yet included; a quarter to each remote address. */
  readonly sockets: number;
  /**
   * Of each listener: who has not been identified yet; a quarter to each remote address. Strangers must not take the
   * places of operators.
   */
  readonly unidentified: number;
  /** Without a hello an attachment ends after this. */
  readonly helloMs: number;
  /** Requests a second, and how many at once after a pause. */
  readonly requestsPerSecond: number;
  readonly commandsPerSecond: number;
  readonly watches: number;
  /** Preflights of one attachment under way: each of them connects to every server of a route. */
  readonly preflights: number;
  /** Between two reports of a preflight under way: it may have thousands of servers. */
  readonly preflightReportMs: number;
  /** What-ifs of one attachment under way: each asks every instance for its clients, and builds tables anew. */
  readonly whatIfs: number;
  /** Entries of each list of what a what-if or a trace is answered with: some are as long as the configuration. */
  readonly listed: number;
  /** Requests of one attachment that are not answered yet. */
  readonly outstanding: number;
  /** Bytes waiting for a slow console: over the first, samples and windows are left out … */
  readonly dropSamplesAbove: number;
  /** … over the second, changes are held back, to be replaced by a reset once it has read on … */
  readonly holdChangesAbove: number;
  /** … over the third it is closed with 1013 … */
  readonly closeAbove: number;
  /** … and so it is over the second already, once so much waits for all consoles together: many must not do what one may not. */
  readonly closeAllAbove: number;
  /** … and so it is when it stays behind for this long. */
  readonly behindMs: number;
  readonly pingMs: number;
  /** No sign of life for this long: the peer is dead. */
  readonly silentMs: number;
}

export const defaultLimits: Limits = {
  payloadBytes: 256 * 1024,
  attachments: 64,
  localAttachments: 4,
  sockets: 512,
  unidentified: 16,
  helloMs: 10_000,
  requestsPerSecond: 200,
  commandsPerSecond: 50,
  watches: 32,
  preflights: 4,
  preflightReportMs: 100,
  whatIfs: 2,
  listed: 1_000,
  outstanding: 128,
  dropSamplesAbove: 512 * 1024,
  holdChangesAbove: 2 * 1024 * 1024,
  closeAbove: 32 * 1024 * 1024,
  closeAllAbove: 64 * 1024 * 1024,
  behindMs: 60_000,
  pingMs: 10_000,
  silentMs: 30_000,
};

export const depthLimit = 32;

/** Counts brackets outside strings; linear, and never wrong about valid JSON. */
export function nestedDeeperThan(text: string, limit: number = depthLimit): boolean {
  let depth = 0;
  let inString = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (inString) {
      if (code === 0x5c) at++;
      else if (code === 0x22) inString = false;
    } else if (code === 0x22) inString = true;
    else if (code === 0x7b || code === 0x5b) {
      if (++depth > limit) return true;
    } else if (code === 0x7d || code === 0x5d) depth--;
  }
  return false;
}

/** Why an attachment was ended, in WebSocket's numbers. */
export const closeCodes = {
  normal: 1000,
  goingAway: 1001,
  protocolError: 1002,
  notPermitted: 4403,
  incompatible: 4406,
  helloTimeout: 4408,
  tryAgainLater: 1013,
} as const;
