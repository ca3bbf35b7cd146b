import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { certificateLines } from '../../../src/proxy/http/client-certificate-fields.ts';
import { forwardRequest } from '../../../src/proxy/http/forward-request.ts';
import { Trailer } from '../../../src/proxy/http/trailer.ts';
import { headOf } from './head-of.ts';

const certificate = (subject: string, commonName: string) => ({
  subject,
  issuer: 'CN=ca',
  commonName,
  fingerprint: '00',
});

describe('what servers are told of a client certificate', () => {
  it("stands in the names of OpenShift's template", () => {
    expect(certificateLines(certificate('CN=anna,O=Example', 'anna'))).toBe(
      'X-SSL-Client-Verify: 0\r\nX-SSL-Client-DN: CN=anna,O=Example\r\nX-SSL-Client-CN: anna\r\n',
    );
  });

  it('writes what is not plain as RFC 4514 writes octets', () => {
    const lines = certificateLines(certificate('CN=Zoë\\, x', 'a\\b\r\nX-Admin: 1\u{1f600}'));
    expect(lines).toContain('X-SSL-Client-DN: CN=Zo\\C3\\AB\\, x\r\n');
    expect(lines).toContain('X-SSL-Client-CN: a\\5Cb\\0D\\0AX-Admin: 1\\F0\\9F\\98\\80\r\n');
  });

  it('never is more than three lines of visible ASCII, whatever the names hold', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (subject, commonName) => {
        const lines = certificateLines(certificate(subject, commonName));
        expect(lines).toMatch(/^(?:X-SSL-Client-(?:Verify|DN|CN): [\x20-\x7e]*\r\n){3}$/);
      }),
    );
  });
});

describe('what a client says of certificates itself', () => {
  const arrival = { address: '10.0.0.1', proto: 'http', port: 80 } as const;

  it.each([
    'X-SSL-Client-Verify',
    'x-ssl-client-dn',
    'X-SSL-CLIENT-CN',
    'X-SSL-Client-SHA1',
    'X-SSL-Client-DER',
    'X-SSL-Client-NotBefore',
    'X-SSL-Issuer',
    'X_SSL_Client_Verify',
    'X-SSL_Client-CN',
  ])('never goes on: %s', (name) => {
    const text = `GET / HTTP/1.1\r\nHost: a\r\n${name}: 0\r\nAccept: b\r\n${name}: 1\r\n\r\n`;
    for (const forwarded of ['append', 'replace', 'never'] as const) {
      const forwarding = {
        forwarded,
        arrival,
        added: '',
        identity: '',
        cookieEdits: undefined,
        defaultHost: 's',
        upgrade: false,
      };
      expect(forwardRequest(text, headOf(text), forwarding)).toBe(
        'GET / HTTP/1.1\r\nHost: a\r\nAccept: b\r\n\r\n',
      );
    }
    const trailer = new Trailer();
    expect(trailer.field(`${name}: 0\r\n`, 0, name.length)).toMatchObject({ status: 400 });
  });

  it.each(['X-SSL', 'X-SSL-Client', 'X-SSL-Issuers', 'X-Forwarded-For', 'XX-SSL-Client-Verify', 'A'])(
    'only under these names: %s goes on',
    (name) => {
      const text = `GET / HTTP/1.1\r\nHost: a\r\n${name}: 0\r\n\r\n`;
      expect(headOf(text).cuts).toEqual([]);
    },
  );

  it.each(['append', 'replace', 'never'] as const)('is replaced by what we know (%s)', (forwarded) => {
    const text =
      'GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 1.1.1.1\r\nConnection: X-SSL-Client-CN\r\nX-SSL-Client-CN: root\r\n\r\n';
    const identity = certificateLines(certificate('CN=anna', 'anna'));
    const forwarding = {
      forwarded,
      arrival,
      added: identity,
      identity,
      cookieEdits: undefined,
      defaultHost: 's',
      upgrade: false,
    };
    const sent = forwardRequest(text, headOf(text), forwarding);
    expect(sent).not.toContain('root');
    expect(sent.match(/X-SSL-Client-CN: anna\r\n/g)).toHaveLength(1);
  });
});
