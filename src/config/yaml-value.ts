// A value as it is written into braces of YAML, or of JSON. Pure.

/** What every reader of YAML, of version 1.1 too, takes for this very text. */
const plainText = /^[A-Za-z_][A-Za-z0-9_./-]*$/;
const otherwise = /^(?:true|false|null|yes|no|on|off|y|n)$/i;

export function yamlValue(value: unknown, json = false): string {
  if (typeof value === 'string')
    return !json && plainText.test(value) && !otherwise.test(value) ? value : JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map((inner) => yamlValue(inner, json)).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return String(value);
  const pairs = Object.entries(value)
    .filter(([, inner]) => inner !== undefined)
    .map(([key, inner]) => `${yamlValue(key, json)}: ${yamlValue(inner, json)}`);
  return pairs.length === 0 ? '{}' : `{ ${pairs.join(', ')} }`;
}
