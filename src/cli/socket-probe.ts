// Does anybody answer on a unix socket? A file left behind by a process that was killed does not.
import { connect } from 'node:net';

export function isAnswering(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
