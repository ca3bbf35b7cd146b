// Who ended a stream and in which phase, in HAProxy's letters (2.6 manual, 8.5) and in words.

export type Who = 'C' | 'S' | 'P' | 'L' | 'R' | 'I' | 'D' | 'U' | 'K' | 'c' | 's' | '-';
export type Phase = 'R' | 'Q' | 'C' | 'H' | 'D' | 'L' | 'T' | '-';
export type CookieIn = 'N' | 'I' | 'D' | 'V' | 'E' | 'O' | 'U' | '-';
export type CookieOut = 'N' | 'I' | 'U' | 'P' | 'R' | 'D' | '-';

/** Two letters for TCP ("sD"), four for HTTP ("sH--"). */
export type TerminationState = `${Who}${Phase}` | `${Who}${Phase}${CookieIn}${CookieOut}`;

/** What every letter means, by its place: screens' legends and `explainTermination` are made from it. */
export const terminationLetters = {
  who: {
    C: 'client aborted',
    S: 'server aborted or refused',
    P: 'ended by the proxy',
    L: 'answered by the proxy itself',
    R: 'a resource of the proxy ran out',
    I: 'internal error of the proxy',
    D: 'killed because the server went down',
    U: 'killed because a primary server came back',
    K: 'killed by an operator',
    c: 'client timeout',
    s: 'server timeout',
    '-': 'ended normally',
  },
  phase: {
    R: "while waiting for the request's head",
    Q: 'while waiting in the queue',
    C: 'while connecting to the server',
    H: "while waiting for the response's head",
    D: 'while data was transferred',
    L: "while the last data was sent to the client, after the server's end",
    T: 'while held in the tarpit',
    '-': 'after everything was transferred',
  },
  cookieIn: {
    N: 'the client sent no cookie',
    I: "the client's cookie named an unknown server",
    D: "the client's cookie named a server that is down",
    V: "the client's cookie named a usable server",
    E: "the client's cookie had expired",
    O: "the client's cookie was too old",
    U: "the client's cookie was not used to choose the server",
    '-': '',
  },
  cookieOut: {
    N: 'the answer carried no cookie',
    I: 'a cookie was inserted into the answer',
    U: "the answer's cookie was brought up to date",
    P: "the server's own cookie was passed on",
    R: "the server's cookie was rewritten",
    D: "the server's cookie was removed",
    '-': '',
  },
} as const satisfies {
  who: Record<Who, string>;
  phase: Record<Phase, string>;
  cookieIn: Record<CookieIn, string>;
  cookieOut: Record<CookieOut, string>;
};

/** Letters in, letters out; undefined where they are no termination state. */
export function parseTermination(text: string): TerminationState | undefined {
  const { who, phase, cookieIn, cookieOut } = terminationLetters;
  const [first = '', second = '', third = '', fourth = ''] = text;
  const valid =
    Object.hasOwn(who, first) &&
    Object.hasOwn(phase, second) &&
    (text.length === 2 ||
      (text.length === 4 && Object.hasOwn(cookieIn, third) && Object.hasOwn(cookieOut, fourth)));
  return valid ? (text as TerminationState) : undefined;
}

/** "sH--" → "server timeout while waiting for the response's head"; cookie letters add what became of the cookie. */
export function explainTermination(state: TerminationState): string {
  const { who, phase, cookieIn, cookieOut } = terminationLetters;
  const [first, second, third = '-', fourth = '-'] = state as unknown as [Who, Phase, CookieIn?, CookieOut?];
  const ended = first === '-' && second === '-' ? who['-'] : `${who[first]} ${phase[second]}`;
  return [ended, cookieIn[third], cookieOut[fourth]].filter((words) => words !== '').join('; ');
}
