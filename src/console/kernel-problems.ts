// What is wrong now with the kernel's part: a block that waits for its confirmation, a table, a path, a service or steering that
// is not in force. What was never asked for is not missed here.

import { bad, type Problem, warning } from './problem.ts';
import { timeLeft } from './screens/blocked.ts';
import { kernelOf, type View } from './view.ts';

export function kernelProblems(view: View): Problem[] {
  return [...unconfirmed(view), ...table(view), ...paths(view), ...services(view), ...steering(view)];
}

/** It takes itself back in seconds: before all that has been wrong for longer. */
function unconfirmed({ model, now }: View): Problem[] {
  const waiting = [...model.block.values()]
    .flatMap(({ address, confirmBy }) => (confirmBy === undefined ? [] : [{ address, confirmBy }]))
    .sort((a, b) => a.confirmBy - b.confirmBy);
  const [first] = waiting;
  if (first === undefined) return [];
  const more = waiting.length > 1 ? ` (and ${waiting.length - 1} more)` : '';
  const left = timeLeft(first.confirmBy, now);
  return [
    {
      severity: 3,
      sign: '▲',
      tone: 'warning',
      // The seconds first: of a long address the end is cut.
      text: `${left} left to keep the block of ${first.address}${more}: y keeps it, else it is undone`,
      short: `${left} left to keep the block of ${first.address}: y`,
      at: Number.MAX_SAFE_INTEGER,
    },
  ];
}

function table(view: View): Problem[] {
  const kernel = kernelOf(view);
  if (kernel?.table.state !== 'failed') return [];
  const why = kernel.table.text === undefined ? '' : `: ${kernel.table.text}`;
  return [
    {
      ...bad(2, `nftables: our table could not be changed${why}`, view.now),
      short: 'nftables: our table failed',
    },
  ];
}

function paths({ model, now }: View): Problem[] {
  return [...model.bind.values()].flatMap(({ name, path, text }) => {
    if (path === undefined || path.by === 'kernel' || path.why === undefined || path.why === text) return [];
    if (path.by === 'none')
      return [
        { ...bad(3, `bind ${name} serves nobody: ${path.why}`, now), short: `bind ${name} serves nobody` },
      ];
    return [
      { ...warning(`bind ${name} relays, not the kernel: ${path.why}`, now), short: `bind ${name} relays` },
    ];
  });
}

function services({ model, now }: View): Problem[] {
  const failed = [...model.server.values()].flatMap(({ key, service }) =>
    service === undefined || service.inForce === true ? [] : [{ key, why: service.inForce.no }],
  );
  const [first] = failed;
  if (first === undefined) return [];
  if (failed.length > 1) return [bad(2, `${failed.length} services are not translated: ${first.why}`, now)];
  return [
    {
      ...bad(2, `service ${first.key} is not translated: ${first.why}`, now),
      short: `service ${first.key} is not translated`,
    },
  ];
}

function steering({ model, now }: View): Problem[] {
  return [...model.shard.values()].flatMap(({ name, steering: { by, why } }) =>
    why === undefined || by === 'nft'
      ? []
      : [
          {
            ...warning(`${name}: steered by hand-over, not nft: ${why}`, now),
            short: `${name}: steered by hand-over`,
          },
        ],
  );
}
