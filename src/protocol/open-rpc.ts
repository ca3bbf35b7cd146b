// The published description of the protocol, made from the method table (https://spec.open-rpc.org 1.3).

import * as z from 'zod';
import { methods, notifications, protocolVersion } from './methods.ts';
import { rpcErrors } from './rpc.ts';

const schemaOf = (type: z.ZodType): object => {
  const { $schema: _, ...schema } = z.toJSONSchema(type, { unrepresentable: 'any', io: 'input' });
  return schema;
};

const errors = Object.entries(rpcErrors).map(([message, code]) => ({ code, message }));

export function openRpc(): object {
  return {
    openrpc: '1.3.2',
    info: {
      title: 'Sluice control protocol',
      version: `${protocolVersion}.0.0`,
      description: 'JSON-RPC 2.0 over WebSocket. The rules between the messages are in SPEC.md.',
    },
    methods: [
      ...Object.entries(methods).map(([name, { summary, role, params, result }]) => ({
        name,
        summary,
        tags: [{ name: role }],
        paramStructure: 'by-name',
        params: parametersOf(params),
        result: { name: 'result', schema: schemaOf(result) },
        errors,
      })),
      ...Object.entries(notifications).map(([name, { summary, params }]) => ({
        name,
        summary,
        tags: [{ name: 'notification from the runtime' }],
        paramStructure: 'by-name',
        params: parametersOf(params),
      })),
    ],
  };
}

function parametersOf(params: z.ZodType): object[] {
  const { properties = {}, required = [] } = schemaOf(params) as {
    properties?: Record<string, object>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    required: required.includes(name),
    schema,
  }));
}
