// A request's refusal, as it is answered.

import type { RpcFailure } from '../../protocol/rpc.ts';

export class RpcRefusal extends Error {
  override readonly name = 'RpcRefusal';
  readonly failure: RpcFailure;
  constructor(code: number, message: string) {
    super(message);
    this.failure = { code, message };
  }
}
