// Where a user's run-time files go: the session's folder, root's /run, else a private one under /tmp. Pure.

export function runFolder(env: Readonly<Record<string, string | undefined>>): string {
  if (env.XDG_RUNTIME_DIR) return `${env.XDG_RUNTIME_DIR}/sluice`;
  return '/run/sluice';
}
