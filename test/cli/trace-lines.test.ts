import { expect, it } from 'vitest';
import { traceText } from '../../src/cli/trace-lines.ts';
import type { Trace } from '../../src/domain/trace.ts';

const trace: Trace = {
  question: { url: 'https://shop.example.com/cart', from: '10.0.0.7', sni: 'x\u001b[2J' },
  steps: [
    {
      what: 'bind',
      chosen: 'secure 0.0.0.0:443',
      why: 'it listens there',
      others: [{ name: 'http', why: 'mode http' }],
    },
    { what: 'instance', chosen: 'default/2', why: 'slot 4711 of 65537', others: [] },
    {
      what: 'route',
      chosen: 'shop',
      why: 'host and path match',
      others: Array.from({ length: 12 }, (_, at) => ({ name: `r${at}`, why: 'another host' })),
    },
    { what: 'tls', chosen: 'edge', why: 'certificate shop.pem', others: [] },
    {
      what: 'backend',
      chosen: 'web',
      why: 'drawn by weight',
      others: [],
      candidates: [
        { name: 'web', share: 0.9, why: 'weight 90' },
        { name: 'canary', share: 0.1, why: 'weight 10' },
      ],
    },
    {
      what: 'server',
      chosen: 'web/app1',
      why: 'its turn',
      others: [{ name: 'web/app9', why: 'down' }],
      candidates: Array.from({ length: 11 }, (_, at) => ({ name: `web/app${at + 1}`, why: 'up' })),
      more: 4,
    },
  ],
  result: 'default/2 → shop (edge) → web → web/app1',
  ok: true,
};

it('a trace is a ladder: what was chosen, and what was not', () => {
  expect(traceText(trace, false)).toBe(`https://shop.example.com/cart from 10.0.0.7 SNI x\\x1b[2J
  bind      secure 0.0.0.0:443  it listens there
            not http: mode http
  instance  default/2           slot 4711 of 65537
  route     shop                host and path match
            not r0: another host
            not r1: another host
            not r2: another host
            not r3: another host
            not r4: another host
            not r5: another host
            not r6: another host
            not r7: another host
            not r8: another host
            not r9: another host
            and 2 others (--json)
  TLS mode  edge                certificate shop.pem
  backend   web                 drawn by weight
            90 % web: weight 90
            10 % canary: weight 10
  server    web/app1            its turn
            1. web/app1: up
            2. web/app2: up
            3. web/app3: up
            4. web/app4: up
            5. web/app5: up
            6. web/app6: up
            7. web/app7: up
            8. web/app8: up
            9. web/app9: up
            10. web/app10: up
            and 5 more (--json)
            not web/app9: down
→ default/2 → shop (edge) → web → web/app1`);
});

it('where it ends is told on its rung', () => {
  const ended: Trace = {
    question: { url: 'http://nobody.example.com/', cookie: 'SRV=a' },
    steps: [
      { what: 'bind', chosen: 'http', why: 'it listens there', others: [] },
      { what: 'route', why: 'no route has this host', others: [] },
    ],
    result: '503 by sluice: no route',
    ok: false,
  };
  expect(traceText(ended, false)).toBe(`http://nobody.example.com/ cookie SRV=a
  bind      http  it listens there
  route     ✗ no route has this host
✗ 503 by sluice: no route`);
});
