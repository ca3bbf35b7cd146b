import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Address } from '../../src/domain/plan.ts';
import { BindError, type Listener, openListener } from '../../src/proxy/listener.ts';
import { dial, listening, until } from './sockets.ts';

async function open(
  address: Address,
  accepted: (socket: Socket) => void = (socket) => socket.destroy(),
): Promise<Listener> {
  const listener = await openListener({ name: 'front', address }, true, {
    accepted: (socket) => {
      socket.on('error', () => {});
      onTestFinished(() => void socket.destroy());
      accepted(socket);
    },
    failed: () => {},
  });
  onTestFinished(() => listener.close());
  return listener;
}

async function refusal(address: Address): Promise<BindError> {
  const error: unknown = await open(address).catch((reason: unknown) => reason);
  if (!(error instanceof BindError)) throw new Error('it was opened');
  return error;
}

const portOf = (listener: Listener) => Number(listener.address.slice(listener.address.lastIndexOf(':') + 1));

function scratch(): string {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-listener-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

describe('a listener', () => {
  it.each([
    ['127.0.0.1', ['127.0.0.1']],
    ['::1', ['::1']],
    ['::', ['127.0.0.1', '::1']],
    ['0.0.0.0', ['127.0.0.1']],
  ])('on %s accepts from %j and tells its real port', async (host, clients) => {
    let accepted = 0;
    const listener = await open({ kind: 'ip', host, port: 0 }, () => {
      accepted += 1;
    });
    expect(listener.address).toMatch(host.includes(':') ? /^\[[:1]+\]:\d+$/ : /^[\d.]+:\d+$/);
    for (const client of clients) await dial({ host: client, port: portOf(listener) });
    await until(() => accepted === clients.length);
  });

  it('frees its address when closed, and keeps what it accepted', async () => {
    const sockets: Socket[] = [];
    const listener = await open({ kind: 'ip', host: '127.0.0.1', port: 0 }, (socket) => sockets.push(socket));
    const client = await dial({ port: portOf(listener) });
    await until(() => sockets.length === 1);
    listener.close();
    await expect(dial({ port: portOf(listener) })).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    expect(client.destroyed).toBe(false);
    expect((await open({ kind: 'ip', host: '127.0.0.1', port: portOf(listener) })).address).toBe(
      listener.address,
    );
  });

  it('says who holds the port', async () => {
    const { port } = await listening(() => {});
    const error = await refusal({ kind: 'ip', host: '127.0.0.1', port });
    expect(error.code).toBe('EADDRINUSE');
    expect(error.message).toMatch(
      new RegExp(
        `^bind front \\(127\\.0\\.0\\.1:${port}\\): the address is in use by .*\\(pid ${process.pid}\\)$`,
      ),
    );
  });

  it('names an address that this machine does not have', async () => {
    const error = await refusal({ kind: 'ip', host: '192.0.2.1', port: 0 });
    expect(error.message).toBe('bind front (192.0.2.1:0): this machine has no such address');
  });
});

describe('a listener on a unix socket', () => {
  it('accepts, and removes its file when closed', async () => {
    const path = join(scratch(), 'front.sock');
    let accepted = 0;
    const listener = await open({ kind: 'unix', path }, () => {
      accepted += 1;
    });
    expect(listener.address).toBe(`unix:${path}`);
    await dial({ path });
    await until(() => accepted === 1);
    listener.close();
    await until(() => !existsSync(path));
  });

  it('takes over the file that a dead process left behind', async () => {
    const path = join(scratch(), 'front.sock');
    const leave = `require('node:net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`;
    spawnSync(process.execPath, ['-e', leave]);
    expect(existsSync(path)).toBe(true);
    let accepted = 0;
    await open({ kind: 'unix', path }, () => {
      accepted += 1;
    });
    await dial({ path });
    await until(() => accepted === 1);
  });

  it('leaves a living one alone, and says whose it is', async () => {
    const path = join(scratch(), 'front.sock');
    await listening(() => {}, { path });
    const error = await refusal({ kind: 'unix', path });
    expect(error.message).toContain(`(unix:${path}): the address is in use by `);
    expect(error.message).toContain(`(pid ${process.pid})`);
    await dial({ path });
  });

  it('names a directory that is not there', async () => {
    const error = await refusal({ kind: 'unix', path: join(scratch(), 'none', 'front.sock') });
    expect(error.message).toContain('does not exist');
  });
});
