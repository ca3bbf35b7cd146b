// Why a control address cannot be listened on, in an operator's words. Pure.

import type { Address } from '../../domain/plan.ts';
import { RuntimeError } from '../runtime-error.ts';

export function listenFailure(error: unknown, address: Address): RuntimeError {
  if (error instanceof RuntimeError) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  const where = address.kind === 'unix' ? `unix:${address.path}` : `port ${address.port}`;
  const why =
    code === 'EACCES' || code === 'EPERM'
      ? `${where}: this user may not listen there: choose another runtime.control.listen, or be root`
      : message;
  return new RuntimeError('control-failed', `control: ${why}`, { cause: error });
}
