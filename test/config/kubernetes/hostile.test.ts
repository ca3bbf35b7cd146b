import { describe, expect, it } from 'vitest';
import { Contents } from '../../../src/config/kubernetes/contents.ts';
import { readValues } from '../../../src/config/kubernetes/read-values.ts';
import { made, route, slice } from './objects.ts';

describe('what somebody else wrote', () => {
  it('does not replace a file of the same name', () => {
    const contents = new Contents(({ name }) => `/c/${name}`);
    const first = contents.put('ingress_default.crt', 'A');
    const second = contents.put('ingress_default.crt', 'B');
    expect(second).not.toBe(first);
    expect(contents.put('ingress_default.crt', 'A')).toBe(first);
    expect(contents.files.map(({ content }) => content)).toEqual(['A\n', 'B\n']);
  });

  it('is read in linear time, however many keys it has', () => {
    const text = Array.from({ length: 100_000 }, (_, index) => `k${index}: 1`).join('\n');
    expect(readValues(text, 'a.yaml').ok).toBe(true);
    expect(readValues(`${text}\nk7: 2`, 'a.yaml')).toMatchObject({ ok: false, line: 100_001 });
  });

  it('takes no host by a time that nobody can read', () => {
    const { configuration, notes } = made([route({}, { creationTimestamp: 'long ago' }), slice()]);
    expect(configuration.routes).toEqual([]);
    expect(notes).toContainEqual(
      expect.objectContaining({
        severity: 'error',
        text: expect.stringContaining('is left out: creationTimestamp'),
      }),
    );
  });

  it('stays closed where its allowlist is no text', () => {
    const closed = route({}, { annotations: { 'haproxy.router.openshift.io/ip_allowlist': ['10.0.0.1'] } });
    expect(made([closed, slice()]).configuration.routes).toEqual([]);
  });
});
