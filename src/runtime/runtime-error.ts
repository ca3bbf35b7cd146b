// What stops a runtime from starting or reloading, with a stable code.

export type RuntimeErrorCode =
  | 'control-in-use'
  | 'control-unsafe'
  | 'control-failed'
  | 'bad-tokens'
  | 'bad-tls-files'
  | 'stopped';

export class RuntimeError extends Error {
  override readonly name = 'RuntimeError';
  readonly code: RuntimeErrorCode;
  constructor(code: RuntimeErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
