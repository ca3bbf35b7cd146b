// What is wrong with one file, in words; never a part of what it holds. Parsers throw it, and whoever reads a file turns
// it into a problem: nothing else leaves them.

export class FileFault extends Error {
  override readonly name = 'FileFault';
  readonly remedy: string | undefined;
  /** There is no such file: it may be on its way. */
  readonly missing: boolean;
  constructor(message: string, remedy?: string, missing = false) {
    super(message);
    this.remedy = remedy;
    this.missing = missing;
  }
}

/** OpenSSL has more ways to say no than we know of. Its words are not repeated: nobody knows what may stand in them. */
export function faultOf(error: unknown): FileFault {
  return error instanceof FileFault ? error : new FileFault('it is damaged, or of a kind that is not known');
}
