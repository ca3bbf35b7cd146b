// A server whose address is a Service of kube-proxy's: its tables are followed as they are, in each shape that kube-proxy writes,
// and never touched.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { oneRequest, startContainers } from '../support/containers.ts';
import { createStar, nftablesFault, type Star } from '../support/namespaces.ts';
import { type RunningSluice, startSluice } from '../support/sluice.ts';

const fault = nftablesFault('nft', 'conntrack');
const containerPort = 8_080;
const service = '10.97.0.1';

let star: Star;
let sluice: RunningSluice | undefined;

const configuration = (): string => `
runtime: { name: cluster, grace: 1s, control: { listen: "CONTROL" } }
shards:
  - name: default
    binds: [{ name: web, listen: "${star.addresses.proxy}:8000", mode: http, defaultBackend: web }]
backends:
  - name: web
    servers: [{ name: app1, address: "${service}:80" }]
`;

const pods = (): readonly string[] => star.addresses.containers;

/** What every shape has, around the chain of the one Service. */
const kubeProxy = (chains: string, ofService: string): string => `
table ip kube-proxy {
  comment "rules for kube-proxy"
  map service-ips {
    type ipv4_addr . inet_proto . inet_service : verdict
    comment "ClusterIP, ExternalIP and LoadBalancer IP traffic"
    elements = { ${service} . tcp . 80 : goto service-ULMVA6XW-shop/web/tcp/http }
  }
  chain mark-for-masquerade { meta mark set meta mark | 0x00004000; }
  chain masquerading {
    meta mark & 0x00004000 == 0x00000000 return
    meta mark set meta mark ^ 0x00004000
    masquerade fully-random
  }
  ${chains}
  chain service-ULMVA6XW-shop/web/tcp/http {
    ip daddr ${service} tcp dport 80 ip saddr != 10.2.0.0/16 jump mark-for-masquerade
    ${ofService}
  }
  chain services {
    ip daddr . meta l4proto . th dport vmap @service-ips
  }
  chain nat-prerouting { type nat hook prerouting priority dstnat; policy accept; jump services; }
  chain nat-output { type nat hook output priority -100; policy accept; jump services; }
  chain nat-postrouting { type nat hook postrouting priority srcnat; policy accept; jump masquerading; }
}
`;

const shapes: Readonly<Record<string, () => string>> = {
  'a chain for each endpoint': () =>
    kubeProxy(
      pods()
        .map(
          (pod) => `chain endpoint-5OJB2KTY-shop/web/tcp/http__${pod}/${containerPort} {
    ip saddr ${pod} jump mark-for-masquerade
    meta l4proto tcp dnat to ${pod}:${containerPort}
  }`,
        )
        .join('\n'),
      `numgen random mod 3 vmap { ${pods()
        .map((pod, index) => `${index} : goto endpoint-5OJB2KTY-shop/web/tcp/http__${pod}/${containerPort}`)
        .join(', ')} }`,
    ),
  'one map from a draw to endpoints': () =>
    kubeProxy(
      '',
      `meta l4proto tcp dnat ip to numgen random mod 3 map { ${pods()
        .map((pod, index) => `${index} : ${pod} . ${containerPort}`)
        .join(', ')} }`,
    ),
  'one endpoint alone': () => kubeProxy('', `meta l4proto tcp dnat to ${pods()[1]}:${containerPort}`),
};

describe.skipIf(fault !== undefined)(
  `Services of kube-proxy behind the proxy${fault === undefined ? '' : ` (${fault})`}`,
  { timeout: 120_000 },
  () => {
    beforeEach(async () => {
      star = await createStar({ label: 'foreign', containers: 3 });
      await startContainers(star, containerPort);
      star.proxy.ask('ip', ['route', 'add', '10.97.0.0/16', 'dev', 'lo']);
    });
    afterEach(async () => {
      await sluice?.stop();
      sluice = undefined;
      await star.remove();
    });

    it.each(Object.keys(shapes))('are followed to the endpoint that answers: %s', async (shape) => {
      star.proxy.rules(shapes[shape]!());
      const rules = (): string => star.proxy.ask('nft', ['-s', 'list', 'ruleset']);
      const before = rules();
      sluice = await startSluice({ yaml: configuration(), under: star.proxy.prefix });
      const bind = `${star.addresses.proxy}:8000`;
      const { detail, answeredBy } = await oneRequest(star.clients, sluice, bind);
      const endpoint = `${pods()[Number(answeredBy.slice(3)) - 1]}:${containerPort}`;
      expect(detail.hop).toMatchObject({
        to: `${service}:80`,
        endpoint,
        rule: expect.stringContaining('ip kube-proxy service-ULMVA6XW-shop/web/tcp/http'),
        text: expect.stringContaining('Service shop/web, port http'),
      });
      const trace = (await sluice.json('trace', `http://${bind}/`)) as {
        steps: { what: string; chosen?: string; candidates?: { name: string; share?: number }[] }[];
        ok: boolean;
      };
      const [step] = trace.steps.slice(-1);
      expect(step!.what).toBe('kernel');
      const names = step!.candidates?.map(({ name }) => name) ?? [step!.chosen];
      expect(names).toEqual(
        (shape === 'one endpoint alone' ? [pods()[1]] : pods()).map((pod) => `${pod}:${containerPort}`),
      );
      for (const { share } of step!.candidates ?? []) expect(share).toBeCloseTo(1 / 3);
      expect(rules()).toBe(before);
    });
  },
);
