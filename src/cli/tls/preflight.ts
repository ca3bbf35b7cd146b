// Runs a preflight and prints what it finds as it comes in.
import type { RuntimeClient } from '../../client/runtime-client.ts';
import type { Disposer } from '../../domain/event.ts';
import type { RouteEntity } from '../../domain/model.ts';
import type { Preflight } from '../../domain/preflight.ts';
import { safe } from '../../domain/safe.ts';
import type { Termination } from '../../domain/tls.ts';
import { CliFailure } from '../failure.ts';
import { jsonLine } from '../json.ts';
import type { VerbContext } from '../program.ts';
import { findingLines, probingText, verdictLine } from './preflight-lines.ts';

/** Resolves with its verdict. @throws CliFailure where it could not be made, or Ctrl-C came first */
export function runPreflight(
  { terminal, options }: VerbContext,
  client: RuntimeClient,
  route: RouteEntity,
  termination: Termination,
): Promise<Preflight> {
  const { attach } = client;
  if (attach.state === 'live' && attach.role === 'viewer')
    throw new CliFailure(
      'not-permitted',
      'your token has the role viewer; a preflight connects to servers and needs operator',
      'attach with an operator’s token (--token-file FILE)',
    );
  const json = options.json === true;
  const width = subjectWidth(client, route);
  const told = new Set<string>();
  return new Promise((resolve, reject) => {
    const disposers: Disposer[] = [];
    const over = (settle: () => void): void => {
      for (const dispose of disposers) dispose();
      terminal.progress('');
      settle();
    };
    const fail = (failure: CliFailure): void => over(() => reject(failure));
    // The subject is told once more where it was probed anew, after a lost attachment, and found to be otherwise.
    const tell = (preflight: Preflight): void => {
      if (json) return;
      for (const finding of preflight.findings) {
        const lines = findingLines(finding, width, terminal.color);
        if (!told.has(lines)) terminal.print(lines);
        told.add(lines);
      }
    };
    disposers.push(
      terminal.onInterrupt(() =>
        fail(new CliFailure('interrupted', 'probing was ended; nothing was switched')),
      ),
      client.preflight(
        route.name,
        termination,
        (preflight) => {
          tell(preflight);
          if (preflight.verdict === 'running') {
            if (!json) terminal.progress(probingText(preflight).slice(0, terminal.columns - 1));
            return;
          }
          over(() => {
            if (json) terminal.print(jsonLine({ preflight }));
            else terminal.print(verdictLine(preflight, terminal.color));
            resolve(preflight);
          });
        },
        (reason) =>
          fail(new CliFailure(client.attach.state === 'closed' ? 'no-runtime' : 'refused', safe(reason))),
      ),
    );
  });
}

function subjectWidth({ model }: RuntimeClient, { to }: RouteEntity): number {
  const subjects = to.flatMap(({ backend }) => model.backend.get(backend)?.servers ?? []);
  return Math.min(32, Math.max(12, ...subjects.map(({ length }) => length)));
}
