import { describe, expect, it } from 'vitest';
import {
  readFromAcceptor,
  readFromInstance,
  readToAcceptor,
  readToInstance,
} from '../../../src/engine/embedded/messages.ts';

describe('messages', () => {
  it.each([
    [readToInstance, { kind: 'kill', serial: 7 }],
    [readToInstance, { kind: 'reopenLogs' }],
    [readToInstance, { kind: 'setRoutes', wishes: [] }],
    [readToInstance, { kind: 'setTlsMaterial', material: { files: [] } }],
    [readToInstance, { kind: 'endInOtherModes', route: 'shop', how: 'kill' }],
    [readFromInstance, { kind: 'tail', tail: 1, records: [], dropped: 0 }],
    [readFromAcceptor, { kind: 'gone', id: 'default/1', pid: 5, text: 'killed', crashes: 1, retryAt: 0 }],
    [readToAcceptor, { kind: 'run', program: '/i.js', instances: [], shards: [] }],
  ])('take %o %j', (read, message) => {
    expect(read(message)).toBe(message);
  });

  it.each([
    [readToInstance, null, 'a message is no object'],
    [readToInstance, 'kill', 'a message is no object'],
    [readToInstance, {}, 'unknown message "undefined"'],
    [readToInstance, { kind: 'constructor' }, 'unknown message "constructor"'],
    [readToInstance, { kind: 'kill', serial: '7' }, 'message kill: serial is not number'],
    [readToInstance, { kind: 'kill', serial: Number.NaN }, 'message kill: serial is not number'],
    [readToInstance, { kind: 'apply', plan: [], wishes: [] }, 'message apply: plan is not object'],
    [readToInstance, { kind: 'apply', plan: null, wishes: [] }, 'message apply: plan is not object'],
    [readToInstance, { kind: 'apply', plan: {}, wishes: [] }, 'message apply: tls is not object'],
    [readToInstance, { kind: 'setRoutes', wishes: {} }, 'message setRoutes: wishes is not array'],
    [
      readToInstance,
      { kind: 'setTlsMaterial', material: [] },
      'message setTlsMaterial: material is not object',
    ],
    [
      readToInstance,
      { kind: 'endInOtherModes', route: 'shop' },
      'message endInOtherModes: how is not string',
    ],
    [readToInstance, { kind: 'setTlsMaterial', material: 'SECRET' }, /^(?!.*SECRET)/],
    [readFromInstance, { kind: 'sample' }, 'message sample: sample is not object'],
    [readFromInstance, { kind: 'acceptor', version: 1, pid: 1 }, 'unknown message "acceptor"'],
    [
      readToAcceptor,
      { kind: 'run', program: '/i.js', instances: {}, shards: [] },
      'message run: instances is not array',
    ],
  ])('refuse %o %j', (read, message, reason) => {
    expect(() => read(message)).toThrow(reason);
  });
});
