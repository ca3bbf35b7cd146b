// Whether a text is what a PEM file holds (RFC 7468): then it may be a private key, and no message repeats it.

/** Its first or its last line is enough. */
export function isPem(text: string): boolean {
  return /-----(BEGIN|END) /.test(text);
}
