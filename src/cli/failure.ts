// How a verb ends when it does not end well: exit codes in one table, and the one error that carries message and hint.

/** Stable for scripts. `interrupted` is what shells expect after Ctrl-C. */
export const exitCodes = {
  done: 0,
  refused: 1,
  usage: 2,
  'no-runtime': 3,
  'not-permitted': 4,
  'deadline-passed': 5,
  interrupted: 130,
} as const;

export type Ending = keyof typeof exitCodes;

/** Expected: printed as message and hint, without a stack. */
export class CliFailure extends Error {
  override readonly name = 'CliFailure';
  readonly ending: Ending;
  readonly hint: string | undefined;
  constructor(ending: Ending, message: string, hint?: string, options?: ErrorOptions) {
    super(message, options);
    this.ending = ending;
    this.hint = hint;
  }
}

export interface Explained {
  readonly ending: Ending;
  readonly message: string;
  readonly hint?: string;
}

/** The errors of every layer in an operator's words. Layers are told apart by name and code, so none is loaded for it. */
export function explain(error: unknown): Explained {
  if (error instanceof CliFailure) {
    return {
      ending: error.ending,
      message: error.message,
      ...(error.hint === undefined ? {} : { hint: error.hint }),
    };
  }
  if (!(error instanceof Error)) return { ending: 'refused', message: String(error) };
  const code = 'code' in error ? String(error.code) : '';
  switch (`${error.name} ${code}`) {
    case 'AttachError no-runtime':
      return {
        ending: 'no-runtime',
        message: error.message,
        hint: noRuntimeHint(causeOf(error)),
      };
    case 'AttachError not-permitted':
      return {
        ending: 'not-permitted',
        message: error.message,
        hint: ['EACCES', 'EPERM'].includes(causeOf(error))
          ? 'be the user that the runtime runs as, or root'
          : 'give a token with --token-file',
      };
    case 'AttachError lost':
      return {
        ending: 'no-runtime',
        message: error.message,
        hint: 'what it did last is in `sluice show journal`',
      };
    case 'AttachError incompatible':
      return {
        ending: 'refused',
        message: error.message,
        hint: 'use the same version of sluice on both sides',
      };
    default:
      return { ending: 'refused', message: error.message };
  }
}

function noRuntimeHint(cause: string): string {
  switch (cause) {
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
      return 'name the certificate to trust with --ca FILE';
    default:
      return 'start one with `sluice run -c sluice.yaml`, name another with --attach, or try `sluice demo`';
  }
}

/** The system's code of what was behind an error: "" where it has none. */
function causeOf({ cause }: Error): string {
  return cause instanceof Error && 'code' in cause ? String(cause.code) : '';
}
