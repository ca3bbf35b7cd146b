// One session of a demo's database client: a query now and then, and then it leaves.
import { connect, type TcpNetConnectOpts } from 'node:net';

/** Resolves once it is over, however that went. */
export function lineSession(to: TcpNetConnectOpts, queries: number, everyMs: number): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(to);
    let left = queries;
    const timer = setInterval(() => {
      left -= 1;
      if (left > 0) socket.write(`select ${left}\n`);
      else socket.end();
    }, everyMs);
    socket.on('error', () => socket.destroy());
    socket.on('data', () => {});
    socket.on('close', () => {
      clearInterval(timer);
      resolve();
    });
  });
}
