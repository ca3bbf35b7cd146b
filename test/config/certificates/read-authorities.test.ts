import { describe, expect, it } from 'vitest';
import { readAuthorities } from '../../../src/config/certificates/read-authorities.ts';
import { filesOf, made } from './made.ts';

const { root, intermediate, leaf, selfSigned } = await made;
const now = Date.now();
const years = 365 * 86_400_000;

const unitOf = (content: string | undefined, at = now) =>
  readAuthorities(
    { path: '/ca.pem', at: ['ca'] },
    filesOf(content === undefined ? {} : { '/ca.pem': content }),
    at,
  );

describe('authorities', () => {
  it.each([
    ['one', root.cert, [], 1],
    ['several, with text around', `# ours\n${root.cert}\n${intermediate.cert}`, [], 2],
    ['a certificate that is pinned', selfSigned.cert, [], 1],
    ['none but a leaf', leaf.cert, ['it holds no authority'], 1],
    ['with a key', root.cert + root.key, ['a private key, which is not needed'], 1],
  ])('%s', async (_, content, warnings, count) => {
    const { problems, files } = await unitOf(content);
    expect(problems).toEqual(
      warnings.map((message) =>
        expect.objectContaining({ severity: 'warning', message: expect.stringContaining(message) }),
      ),
    );
    const text = Buffer.from(files[0]!.content, 'base64').toString();
    expect(text.match(/BEGIN CERTIFICATE/g)).toHaveLength(count);
    expect(text).not.toContain('PRIVATE KEY');
  });

  it('that have all expired are a warning', async () => {
    expect((await unitOf(root.cert, now + 11 * years)).problems).toMatchObject([
      { severity: 'warning', message: expect.stringMatching(/^CN=Root expired \d+ d ago/) },
    ]);
  });

  it.each([
    ['no file', undefined, 'there is no such file'],
    ['nothing', '', 'the file is empty'],
    ['a key', root.key, 'it holds no certificate; it holds PRIVATE KEY'],
    [
      'a damaged one behind a good one',
      `${root.cert}-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n`,
      'is damaged',
    ],
  ])('not %s', async (_, content, message) => {
    expect(await unitOf(content)).toMatchObject({
      files: [],
      problems: [
        { severity: 'error', file: '/ca.pem', at: ['ca'], message: expect.stringContaining(message) },
      ],
    });
  });
});
