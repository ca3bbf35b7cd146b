// A demo child's side of its life line: it says that it is ready, and leaves when the parent goes, however that went.

export function tellParent(message: unknown): void {
  process.send?.(message);
}

/** `leave` runs once, when the parent ends, dies, or asks. */
export function leaveWithParent(leave: () => void): void {
  let leaving = false;
  const once = () => {
    if (leaving) return;
    leaving = true;
    leave();
  };
  process.once('disconnect', once);
  process.once('SIGTERM', once);
  // The terminal's signals are the parent's to judge: it takes the life line away when it goes.
  process.on('SIGINT', () => {});
  process.on('SIGHUP', () => {});
}
