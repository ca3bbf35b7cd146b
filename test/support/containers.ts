// Containers of a star that answer over HTTP, and what a console asks of a live connection to one.
import { systemClock, systemRandom } from '../../src/cli/system-clock.ts';
import { attach } from '../../src/client/attach.ts';
import type { ConnectionDetail } from '../../src/domain/connection.ts';
import type { Namespace, Star } from './namespaces.ts';
import { type Started, until } from './processes.ts';
import type { RunningSluice } from './sluice.ts';

const program = new URL('./http-container.ts', import.meta.url).pathname;

/** "pod1", "pod2" …: each in its namespace, on all its addresses. */
export async function startContainers({ containers }: Star, port: number): Promise<void> {
  for (const [index, container] of containers.entries())
    await container.start(process.execPath, [program, `pod${index + 1}`, String(port)], { ready: /ready/ });
}

/** What an HTTP server answers, asked from inside a namespace, as JSON. */
export function askFrom(from: Namespace, url: string): unknown {
  return JSON.parse(
    from.ask(process.execPath, [
      '-e',
      'fetch(process.argv[1]).then(async (answer) => console.log(await answer.text()))',
      url,
    ]),
  );
}

/** A request that waits for its answer: the detail of its connection as Sluice has it, and who answered. */
export async function oneRequest(
  clients: Namespace,
  sluice: RunningSluice,
  bind: string,
): Promise<{ readonly detail: Partial<ConnectionDetail>; readonly answeredBy: string }> {
  const asking: Started = await clients.start(process.execPath, [
    '-e',
    'fetch(process.argv[1]).then(async (answer) => console.log(await answer.text()))',
    `http://${bind}/slow/6000`,
  ]);
  let id = '';
  await until(
    'a request to wait for its answer',
    async () => {
      const { connections } = (await sluice.json('show', 'connections')) as {
        connections: { id: string; phase: string }[];
      };
      id = connections.find(({ phase }) => phase === 'wait')?.id ?? '';
      return id !== '';
    },
    20_000,
  );
  const detail = await detailOf(sluice, id);
  await asking.exited;
  return { detail, answeredBy: (JSON.parse(asking.stdout()) as { name: string }).name };
}

async function detailOf({ url }: RunningSluice, id: string): Promise<Partial<ConnectionDetail>> {
  const client = attach({
    url,
    name: 'test',
    version: '0',
    user: 'test',
    clock: systemClock,
    random: systemRandom,
    retry: false,
  });
  try {
    await client.ready();
    return (await client.connection(id)) ?? {};
  } finally {
    client.close();
  }
}
