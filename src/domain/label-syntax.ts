// How labels are written (Kubernetes, "Labels and Selectors", syntax and character set): keys are "name" or
// "prefix.example.com/name", values are words or nothing.

const word = /^[A-Za-z0-9](?:[A-Za-z0-9_.-]*[A-Za-z0-9])?$/;
const subdomain = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/;
const wordRule = 'letters, digits, "-", "_" and ".", with a letter or digit at both ends';

/** What is wrong with a label's key; undefined where nothing is. The text itself is not repeated: it may be anybody's. */
export function labelKeyFault(key: string): string | undefined {
  const slash = key.indexOf('/');
  const name = key.slice(slash + 1);
  if (slash >= 0) {
    const prefix = key.slice(0, slash);
    if (prefix.length > 253) return 'the prefix of a label has at most 253 characters';
    if (!subdomain.test(prefix)) return 'the prefix of a label is a DNS name in lower case';
  }
  if (name === '') return 'a label needs a name';
  if (name.length > 63) return "a label's name has at most 63 characters";
  return word.test(name) ? undefined : `a label's name is made of ${wordRule}`;
}

/** As labelKeyFault(), of a value. */
export function labelValueFault(value: string): string | undefined {
  if (value.length > 63) return "a label's value has at most 63 characters";
  return value === '' || word.test(value) ? undefined : `a label's value is made of ${wordRule}`;
}
