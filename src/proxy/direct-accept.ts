// Accepts connections without Node's own socket set-up: what a client sends is read into one buffer for all and copied out,
// where Node makes 64 KiB for each read and gives them back. That is cheaper, but reaches for
// fields that Node does not document. So it is tried out on a connection of its own first; where anything is not as
// expected, connections are accepted the ordinary way, and nobody behind sees a difference.

import { createServer, type Server, Socket, type SocketConstructorOpts } from 'node:net';
import { sharedBuffer } from './relay-buffers.ts';

/** The undocumented part. */
interface ListeningHandle {
  onconnection: (this: ListeningHandle, status: number, handle: AcceptedHandle) => void;
}
interface AcceptedHandle {
  setNoDelay?: (enable: boolean) => void;
}

/**
 * From now on `accepted` gets the connections of a listening server that was made with allowHalfOpen and noDelay.
 * False: this Node is not as expected, and nothing was changed.
 */
export function acceptDirectly(server: Server, accepted: (socket: Socket) => void): boolean {
  const listening = (server as { _handle?: Partial<ListeningHandle> })._handle;
  const ordinary = listening?.onconnection;
  if (listening === undefined || typeof ordinary !== 'function') return false;
  listening.onconnection = function (status, handle) {
    if (status !== 0) {
      // Says so on the server.
      ordinary.call(this, status, handle);
      return;
    }
    handle.setNoDelay?.(true);
    accepted(socketOf(handle));
  };
  return true;
}

function socketOf(handle: AcceptedHandle): Socket {
  const options: SocketConstructorOpts = {
    handle: handle as NonNullable<SocketConstructorOpts['handle']>,
    allowHalfOpen: true,
    onread: {
      buffer: sharedBuffer,
      callback(length, shared) {
        const bytes = Buffer.allocUnsafe(length);
        bytes.set(length === shared.length ? shared : shared.subarray(0, length));
        // Paused, or nobody listens yet: it waits in the stream, as on any socket.
        if (socket.readableFlowing !== true || socket.readableLength > 0) return socket.push(bytes);
        socket.emit('data', bytes);
        return true;
      },
    },
  };
  const socket = new Socket(options);
  return socket;
}

/** Tried once in a process. */
let trial: Promise<boolean> | undefined;

export function directAcceptWorks(): Promise<boolean> {
  trial ??= tryOut().catch(() => false);
  return trial;
}

const trialMs = 1_000;

/** One connection, with all that is asked of it later: early octets, a pause, octets both ways, both ends, an address. */
function tryOut(): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer({ allowHalfOpen: true, noDelay: true });
    const client = new Socket({ allowHalfOpen: true });
    let near: Socket | undefined;
    let heard = '';
    let answered = '';
    let open = 2;
    const closed = () => {
      open -= 1;
      if (open === 0) settle(heard === 'onethree' && answered === 'twoonethree:true');
    };
    const settle = (works: boolean) => {
      clearTimeout(giveUp);
      server.close();
      client.destroy();
      near?.destroy();
      resolve(works);
    };
    const giveUp = setTimeout(() => settle(false), trialMs);
    const fail = () => settle(false);
    server.on('error', fail);
    client.on('error', fail);
    server.listen(0, '127.0.0.1', () => {
      const there = acceptDirectly(server, (socket) => {
        near = socket;
        socket.on('error', fail);
        // Nobody listens for the first octets; the second come in a pause.
        setImmediate(() => {
          socket.on('data', (bytes: Buffer) => {
            heard += bytes.toString('latin1');
            if (heard === 'one') {
              socket.pause();
              socket.write('two', 'latin1');
              setImmediate(() => socket.resume());
            }
          });
        });
        socket.on('end', () => socket.end(`${heard}:${socket.remotePort === client.localPort}`));
        socket.on('close', closed);
      });
      const address = server.address();
      if (!there || address === null || typeof address === 'string') fail();
      else client.connect(address.port, '127.0.0.1', () => client.write('one'));
    });
    client.on('data', (bytes: Buffer) => {
      answered += bytes.toString('latin1');
      if (answered === 'two') client.end('three');
    });
    client.on('close', closed);
  });
}
