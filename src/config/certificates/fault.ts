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

/** @throws what is no FileFault: that would be a mistake of ours */
export function faultOf(error: unknown): FileFault {
  if (error instanceof FileFault) return error;
  throw error;
}
