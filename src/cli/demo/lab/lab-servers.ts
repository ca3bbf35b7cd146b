// Process: one container of the lab. It is born in a network namespace of its own, builds its end of the link when told to,
// and serves.
import { leaveWithParent, tellParent } from '../child.ts';
import { type Character, characters, lineServer, listen, webServer } from '../origins.ts';
import { insideContainer, ip } from './lab-network.ts';
import { containers } from './lab-plan.ts';

const index = Number(process.argv[2]);
const { role, address, port } = containers[index]!;
const character: Character = role === 'web' ? characters.swift : characters.steady;

process.once('message', async () => {
  await ip(insideContainer(index));
  if (role === 'db') await listen(lineServer(), address, port);
  else await webServer(character, undefined, address, port);
  tellParent({ serving: true });
});
leaveWithParent(() => process.exit(0));
tellParent({ born: true });
