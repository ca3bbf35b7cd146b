// Does this machine send packets on that are not for it? Asked, never set: that is a decision about the whole machine.

import { readFile } from 'node:fs/promises';

export type Forwarding = () => Promise<{ readonly ip: boolean; readonly ip6: boolean }>;

export const forwardingOfMachine: Forwarding = async () => {
  const isOn = (path: string): Promise<boolean> =>
    readFile(`/proc/sys/net/${path}`, 'latin1').then(
      (text) => text.trim() !== '0',
      () => false,
    );
  const [ip, ip6] = await Promise.all([isOn('ipv4/ip_forward'), isOn('ipv6/conf/all/forwarding')]);
  return { ip, ip6 };
};
