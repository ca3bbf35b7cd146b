// Just enough WebSocket for the demo's tunnels: the handshake (RFC 6455 4.2.2), and echoed text frames under 126 bytes.
import { createHash, randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';

export function acceptWebSocket(request: IncomingMessage, socket: Socket): void {
  const key = request.headers['sec-websocket-key'] ?? '';
  const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
  socket.on('error', () => socket.destroy());
  socket.setNoDelay(true);
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  );
  let rest: Buffer = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk]);
    for (let frame = takeFrame(rest); frame !== undefined; frame = takeFrame(rest)) {
      rest = frame.rest;
      if (frame.opcode === 8) socket.end(Buffer.from([0x88, 0]));
      else socket.write(Buffer.concat([Buffer.from([0x81, frame.text.length]), frame.text]));
    }
  });
  socket.on('end', () => socket.end());
}

/** A client's frame: masked, as it must be. */
export function clientFrame(text: string, opcode = 1): Buffer {
  const mask = randomBytes(4);
  const payload = Buffer.from(text).subarray(0, 125);
  return Buffer.concat([
    Buffer.from([0x80 | opcode, 0x80 | payload.length]),
    mask,
    payload.map((byte, index) => byte ^ mask[index & 3]!),
  ]);
}

/** The first whole masked frame of what arrived so far. */
export function takeFrame(
  bytes: Buffer,
): { readonly opcode: number; readonly text: Buffer; readonly rest: Buffer } | undefined {
  if (bytes.length < 6) return undefined;
  const length = bytes[1]! & 0x7f;
  if (length > 125 || bytes.length < 6 + length) return undefined;
  const mask = bytes.subarray(2, 6);
  return {
    opcode: bytes[0]! & 0x0f,
    text: Buffer.from(bytes.subarray(6, 6 + length).map((byte, index) => byte ^ mask[index & 3]!)),
    rest: bytes.subarray(6 + length),
  };
}
