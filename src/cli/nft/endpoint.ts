// `sluice nft drain` and `ready`: one endpoint of a server that is a service.
import type { ServerKey } from '../../domain/plan.ts';
import { act } from '../act.ts';
import { attached } from '../attachment.ts';
import { reportOutcome } from '../outcome.ts';
import type { VerbContext } from '../program.ts';

export const drainEndpoint = (context: VerbContext, server: ServerKey, endpoint: string): Promise<void> =>
  act(context, { kind: 'endpoint', server, endpoint, admin: 'drain' });

/** Giving it back to its clients needs no second thought. */
export const readyEndpoint = (context: VerbContext, server: ServerKey, endpoint: string): Promise<void> =>
  attached(context, async (client) => {
    reportOutcome(context, await client.execute({ kind: 'endpoint', server, endpoint, admin: 'ready' }));
  });
