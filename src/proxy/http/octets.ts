// Which octets may stand where in a message head (RFC 9110 5.6, RFC 9112 3 and 5), as tables of 256 flags.

function table(allowed: (octet: number) => boolean): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, octet) => (allowed(octet) ? 1 : 0));
}

export const CR = 13;
export const LF = 10;
export const SP = 32;
export const HTAB = 9;
export const COLON = 58;

const tokenMarks = "!#$%&'*+-.^_`|~";

/** tchar: methods, field names, parameter names. */
export const tokenOctet = table(
  (octet) =>
    (octet >= 48 && octet <= 57) ||
    (octet >= 65 && octet <= 90) ||
    (octet >= 97 && octet <= 122) ||
    tokenMarks.includes(String.fromCharCode(octet)),
);

/** Field values and reason phrases: blanks, visible and high octets, never a control. */
export const valueOctet = table((octet) => octet === HTAB || (octet >= 32 && octet !== 127));

/**
 * A request target: visible ASCII without "#". Stricter than some servers, which makes ours and theirs agree:
 * high octets and fragments are where parsers differ.
 */
export const targetOctet = table((octet) => octet > 32 && octet < 127 && octet !== 35);

/** A host name in Host or an absolute target: unreserved and "%". Sub-delimiters are legal in RFC 3986 but name no host. */
export const hostOctet = table(
  (octet) =>
    (octet >= 48 && octet <= 57) ||
    (octet >= 65 && octet <= 90) ||
    (octet >= 97 && octet <= 122) ||
    '-._~%'.includes(String.fromCharCode(octet)),
);

/** -1 where the octet is no hexadecimal digit. */
export const hexValue = Int8Array.from({ length: 256 }, (_, octet) => {
  const digit = '0123456789abcdef'.indexOf(String.fromCharCode(octet).toLowerCase());
  return octet < 128 ? digit : -1;
});

/** ASCII only; `lower` is already lower case. */
export function isWord(text: string, start: number, end: number, lower: string): boolean {
  if (end - start !== lower.length) return false;
  for (let i = 0; i < lower.length; i += 1) {
    let octet = text.charCodeAt(start + i);
    if (octet >= 65 && octet <= 90) octet += 32;
    if (octet !== lower.charCodeAt(i)) return false;
  }
  return true;
}

/**
 * The same, "_" counting as "-": a server that makes variables of names (RFC 3875 4.1.18) reads both as one.
 * For names by which a server learns what it believes of us.
 */
export function isVariable(text: string, start: number, end: number, lower: string): boolean {
  if (end - start !== lower.length) return false;
  for (let i = 0; i < lower.length; i += 1) {
    let octet = text.charCodeAt(start + i);
    if (octet === 95) octet = 45;
    else if (octet >= 65 && octet <= 90) octet += 32;
    if (octet !== lower.charCodeAt(i)) return false;
  }
  return true;
}
