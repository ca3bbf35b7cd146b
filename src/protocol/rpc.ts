// JSON-RPC 2.0 framing: text in, one checked envelope out. Nothing here knows the methods.

import { nestedDeeperThan } from './limits.ts';

export type RpcId = number | string;

export interface RpcFailure {
  readonly code: number;
  readonly message: string;
  readonly data?: unknown;
}

export type Incoming =
  | { readonly kind: 'request'; readonly id: RpcId; readonly method: string; readonly params: unknown }
  | { readonly kind: 'notification'; readonly method: string; readonly params: unknown }
  | { readonly kind: 'result'; readonly id: RpcId; readonly result: unknown }
  | { readonly kind: 'error'; readonly id: RpcId | null; readonly error: RpcFailure }
  | { readonly kind: 'invalid'; readonly id: RpcId | null; readonly error: RpcFailure };

/** Stable codes: the first five are JSON-RPC's own, the others ours. */
export const rpcErrors = {
  parse: -32700,
  invalidRequest: -32600,
  methodNotFound: -32601,
  invalidParams: -32602,
  internal: -32603,
  helloFirst: -32001,
  notAuthenticated: -32002,
  notPermitted: -32003,
  incompatible: -32004,
  limit: -32005,
  noSuchWatch: -32006,
  badFilter: -32007,
  notCapable: -32008,
  notProbed: -32009,
  notPlanned: -32010,
} as const;

const isId = (value: unknown): value is RpcId =>
  (typeof value === 'number' && Number.isSafeInteger(value)) ||
  (typeof value === 'string' && value.length <= 64);

export function readMessage(text: string): Incoming {
  const invalid = (code: number, message: string, id: RpcId | null = null): Incoming => ({
    kind: 'invalid',
    id,
    error: { code, message },
  });
  // Before parsing: JSON.parse itself recurses.
  if (nestedDeeperThan(text)) return invalid(rpcErrors.limit, 'nested too deeply');
  let message: unknown;
  try {
    message = JSON.parse(text);
  } catch {
    return invalid(rpcErrors.parse, 'not JSON');
  }
  if (Array.isArray(message))
    return invalid(rpcErrors.invalidRequest, 'batches are not taken: send one message each');
  if (typeof message !== 'object' || message === null)
    return invalid(rpcErrors.invalidRequest, 'not an object');
  const { jsonrpc, id, method, params, result, error } = message as Record<string, unknown>;
  if (jsonrpc !== '2.0')
    return invalid(rpcErrors.invalidRequest, 'jsonrpc must be "2.0"', isId(id) ? id : null);
  if (typeof method === 'string') {
    if (id === undefined) return { kind: 'notification', method, params };
    if (!isId(id)) return invalid(rpcErrors.invalidRequest, 'id must be an integer or a short string');
    return { kind: 'request', id, method, params };
  }
  if (isFailure(error) && (isId(id) || id === null)) return { kind: 'error', id, error };
  if (result !== undefined && isId(id)) return { kind: 'result', id, result };
  return invalid(rpcErrors.invalidRequest, 'neither a request nor a response', isId(id) ? id : null);
}

function isFailure(error: unknown): error is RpcFailure {
  return (
    typeof error === 'object' &&
    error !== null &&
    typeof (error as RpcFailure).code === 'number' &&
    typeof (error as RpcFailure).message === 'string'
  );
}

export const requestText = (id: RpcId, method: string, params: unknown): string =>
  JSON.stringify({ jsonrpc: '2.0', id, method, params });

export const notificationText = (method: string, params: unknown): string =>
  JSON.stringify({ jsonrpc: '2.0', method, params });

export const resultText = (id: RpcId, result: unknown): string =>
  JSON.stringify({ jsonrpc: '2.0', id, result: result ?? null });

export const errorText = (id: RpcId | null, error: RpcFailure): string =>
  JSON.stringify({ jsonrpc: '2.0', id, error });
