// Who ended a stream and in which phase, in HAProxy's letters (2.6 manual, 8.5) and in words.

export type Who = 'C' | 'S' | 'P' | 'L' | 'R' | 'I' | 'D' | 'U' | 'K' | 'c' | 's' | '-';
export type Phase = 'R' | 'Q' | 'C' | 'H' | 'D' | 'L' | 'T' | '-';
export type CookieIn = 'N' | 'I' | 'D' | 'V' | 'E' | 'O' | 'U' | '-';
export type CookieOut = 'N' | 'I' | 'U' | 'P' | 'R' | 'D' | '-';

/** Two letters for TCP ("sD"), four for HTTP ("sH--"). */
export type TerminationState = `${Who}${Phase}` | `${Who}${Phase}${CookieIn}${CookieOut}`;
