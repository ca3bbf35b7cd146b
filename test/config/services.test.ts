import { describe, expect, it } from 'vitest';
import { planFromText } from '../../src/config/load-plan.ts';

const place = { file: 'sluice.yaml', folder: '/etc/sluice' };
const around = (servers: string, more = ''): string => `
shards: [{ name: default, binds: [{ listen: "127.0.0.1:7070", mode: http, defaultBackend: web }] }]
backends:
  - { name: web, ${more}servers: [${servers}] }
`;
const service = (address: string, endpoints: string, more = ''): string =>
  `{ name: app1, service: { address: ${address}, endpoints: [${endpoints}] }${more} }`;

/** `^` marks where the error must point. */
function errorsOf(marked: string): { errors: readonly object[]; at: readonly [number, number] } {
  const caret = marked.indexOf('^');
  const before = marked.slice(0, caret).split('\n');
  const result = planFromText(marked.replace('^', ''), place);
  if (result.ok) throw new Error('nothing is wrong with it');
  return { errors: result.errors, at: [before.length, before.at(-1)!.length + 1] };
}

describe('a server that is a service', () => {
  it('has its own address, and endpoints with the same weight and at random if nothing is said', () => {
    const result = planFromText(
      around(service('10.96.0.10:80', '10.1.0.5:8080, { address: "10.1.0.6:8080", weight: 3 }')),
      place,
    );
    if (!result.ok) throw new Error(JSON.stringify(result.errors));
    expect(result.plan.backends[0]!.servers[0]).toMatchObject({
      address: { kind: 'ip', host: '10.96.0.10', port: 80 },
      service: {
        pick: 'random',
        endpoints: [
          { address: { kind: 'ip', host: '10.1.0.5', port: 8080 }, weight: 1 },
          { address: { kind: 'ip', host: '10.1.0.6', port: 8080 }, weight: 3 },
        ],
      },
    });
  });

  it('may have IPv6 addresses, and be picked by hash', () => {
    const servers =
      '{ name: a, service: { address: "[FD00:96::10]:80", pick: hash, endpoints: ["[fd00::5]:80"] } }';
    const result = planFromText(around(servers), place);
    expect(result).toMatchObject({ ok: true, warnings: [] });
  });

  it.each([
    [
      'both an address and a service',
      around(
        '{ name: a, address: "10.0.0.1:80", ^service: { address: "10.96.0.1:80", endpoints: ["10.1.0.5:80"] } }',
      ),
      'either an address or a service',
    ],
    ['a loopback address', around(service('^127.0.0.1:80', '10.1.0.5:8080')), 'is a loopback address'],
    ['every address', around(service('^0.0.0.0:80', '10.1.0.5:8080')), 'none in particular'],
    ['a unix socket', around(service('^"unix:/run/x"', '10.1.0.5:8080')), 'is not an address of a network'],
    ['no endpoints', around(service('10.96.0.10:80', '').replace('[] }', '^[] }')), ''],
    [
      'endpoints of the other family',
      around(service('10.96.0.10:80', '10.1.0.5:8080, ^"[fd00::5]:80"')),
      "the service's address is IPv4, and this is IPv6",
    ],
    [
      'an endpoint twice',
      around(service('"[fd00::10]:80"', '"[fd00:1::5]:80", { address: ^"[fd00:1:0::5]:80" }')),
      'is there twice',
    ],
    [
      'an endpoint on one interface alone',
      around(service('"[fd00::10]:80"', '^"[fe80::5%eth0]:80"')),
      'known on one interface alone',
    ],
    [
      'a port for TLS',
      around(service('10.96.0.10:80', '10.1.0.5:80', ', ^tlsPort: 443')),
      'one port each, and no other for TLS',
    ],
    [
      'a check of another port',
      around(service('10.96.0.10:80', '10.1.0.5:80'), 'check: { ^port: 81 }, '),
      'the server "app1" is a service',
    ],
    [
      'the address of another service',
      around(
        `${service('10.96.0.10:80', '10.1.0.5:80')}, ${service('^10.96.0.10:80', '10.1.0.6:80').replace('app1', 'app2')}`,
      ),
      'the service of the server "app1" has the same address',
    ],
    [
      "another server's address",
      around(`${service('10.96.0.10:80', '10.1.0.5:80')}, { name: b, address: ^10.96.0.10:80 }`),
      'is the address of the service of the server "app1"',
    ],
    [
      'itself as an endpoint',
      around(service('10.96.0.10:80', '10.1.0.5:80, ^10.96.0.10:80')),
      'nobody listens there',
    ],
    [
      'the address of a bind',
      around(service('10.96.0.9:7070', '10.1.0.5:80')).replace('"127.0.0.1:7070"', '^"10.96.0.9:7070"'),
      'nobody may listen there',
    ],
  ])('cannot have %s', (_, text, message) => {
    const { errors, at } = errorsOf(text);
    expect(errors).toHaveLength(1);
    expect(errors[0]).toMatchObject({
      message: expect.stringContaining(message),
      remedy: expect.stringMatching(/./),
      line: at[0],
      column: at[1],
    });
  });
});
