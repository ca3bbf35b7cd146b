import { describe, expect, it } from 'vitest';
import { handshakeFailure, isLateRefusal } from '../../src/domain/handshake-failure.ts';

describe('why a handshake with a server failed', () => {
  it.each([
    ['CERT_HAS_EXPIRED', 'certificate', 'its certificate has expired'],
    ['CERT_NOT_YET_VALID', 'certificate', 'its certificate is not yet valid'],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'certificate', 'its certificate is self-signed'],
    [
      'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
      'certificate',
      'its certificate is signed by an authority that is not trusted',
    ],
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'not-tls', 'it does not speak TLS (plain text on this port?)'],
    ['ERR_SSL_PACKET_LENGTH_TOO_LONG', 'not-tls', 'it does not speak TLS (plain text on this port?)'],
    ['ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION', 'handshake', 'it accepts none of our TLS versions (1.2, 1.3)'],
    [
      'ERR_SSL_TLSV1_UNRECOGNIZED_NAME',
      'handshake',
      'it does not know the server name asked for (alert unrecognized_name)',
    ],
    [
      'ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE',
      'handshake',
      'no cipher in common, or it misses a certificate of ours (alert handshake_failure)',
    ],
    ['ECONNRESET', 'broken', 'it broke the connection off in the TLS handshake'],
  ] as const)('%s', (code, fault, text) => {
    expect(handshakeFailure({ code, message: 'x' }, 'web')).toEqual({ fault, text });
  });

  it('names what was wanted and what the certificate has, safe to show', () => {
    const error = (subjectaltname: string | undefined, CN?: string) => ({
      code: 'ERR_TLS_CERT_ALTNAME_INVALID',
      message: '',
      cert: { ...(subjectaltname === undefined ? {} : { subjectaltname }), subject: { CN } },
    });
    const text = (...of: Parameters<typeof error>) => handshakeFailure(error(...of), 'web\x1b').text;
    expect(text('DNS:a\x07, IP Address:10.0.0.1, URI:x')).toBe(
      'its certificate is not for web\\x1b but for a\\x07, 10.0.0.1',
    );
    expect(text('DNS:a, DNS:b, DNS:c, DNS:d, DNS:e, DNS:f')).toContain('but for a, b, c, d and 2 more');
    expect(text(undefined, 'old')).toContain('but for old (common name, no alternative names)');
    expect(text(undefined)).toContain('but for nobody');
  });

  it('has words for what it does not know', () => {
    expect(
      handshakeFailure({ code: 'ERR_SSL_SOMETHING_NEW', message: 'long', reason: 'something\nnew' }, 'web')
        .text,
    ).toBe('the TLS handshake failed: something\\x0anew');
    expect(handshakeFailure({ message: 'odd\r' }, undefined)).toEqual({ fault: 'broken', text: 'odd\\x0d' });
  });

  it('may be told after the handshake, where the server looks at our certificate last', () => {
    const late = [
      'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED',
      'ERR_SSL_TLSV1_ALERT_UNKNOWN_CA',
      'ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE',
    ];
    const other = ['ECONNRESET', 'ERR_SSL_TLSV1_ALERT_DECODE_ERROR'];
    const is = (code: string) => isLateRefusal({ code, message: '' });
    expect([late.every(is), other.some(is)]).toEqual([true, false]);
  });
});
