// TLS alerts: those that we send before a handshake of ours has begun, and the names of those that servers send.

/** RFC 8446 6; RFC 7301 3.2 for the last one. */
export const alerts = {
  close_notify: 0,
  unexpected_message: 10,
  bad_record_mac: 20,
  record_overflow: 22,
  handshake_failure: 40,
  bad_certificate: 42,
  unsupported_certificate: 43,
  certificate_revoked: 44,
  certificate_expired: 45,
  certificate_unknown: 46,
  illegal_parameter: 47,
  unknown_ca: 48,
  access_denied: 49,
  decode_error: 50,
  decrypt_error: 51,
  protocol_version: 70,
  insufficient_security: 71,
  internal_error: 80,
  inappropriate_fallback: 86,
  user_canceled: 90,
  missing_extension: 109,
  unsupported_extension: 110,
  unrecognized_name: 112,
  bad_certificate_status_response: 113,
  unknown_psk_identity: 115,
  certificate_required: 116,
  no_application_protocol: 120,
} as const;

export type Alert = keyof typeof alerts;

const names = new Map<number, string>(Object.entries(alerts).map(([name, code]) => [code, name]));

/** "unrecognized_name", or "alert 99" where it has no name. */
export function alertName(code: number): string {
  return names.get(code) ?? `alert ${code}`;
}

/** A whole record: fatal, in the clear, as before any keys were agreed on. The version is TLS 1.2's in all versions since. */
export function alertRecord(alert: Alert): Buffer {
  return Buffer.from([21, 3, 3, 0, 2, 2, alerts[alert]]);
}
