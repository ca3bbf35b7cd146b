// `runtime:` in sluice.yaml: the process that owns the engine, and how consoles reach it.

import * as z from 'zod';
import { parseControlUrl } from './control.ts';
import { defaults } from './defaults.ts';
import { choice, duration, file, flag, line, name, text } from './values.ts';

const controlListen = text(parseControlUrl, 'unix:PATH, ws://ADDRESS:PORT or wss://ADDRESS:PORT', [
  'unix:/run/sluice/control.sock',
  'wss://0.0.0.0:7443',
]);

const control = z
  .strictObject({
    listen: z
      .preprocess((value) => (typeof value === 'string' ? [value] : value), z.array(controlListen).min(1))
      .optional()
      .meta({
        description: 'Where consoles attach: one address or a list. Default: a unix socket of this user',
        anyOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' }, minItems: 1 }],
      }),
    tls: z
      .strictObject({
        cert: file('Certificate chain, PEM'),
        key: file('Private key, PEM'),
        clientCa: file('Certificate authority of the client certificates that are let in, PEM').optional(),
      })
      .optional()
      .meta({ description: 'For wss://' }),
    tokens: file('File of hashed bearer tokens').optional(),
    origins: z
      .array(line('Exact Origin, such as https://ops.example.com'))
      .prefault([])
      .meta({ description: 'Origins that a browser may come from' }),
  })
  .meta({ description: 'Where consoles attach, and how they prove who they are' });

const accessLog = z
  .strictObject({
    path: file('Where to write; "-" is standard output'),
    format: choice(
      ['haproxy', 'json'],
      'haproxy: option httplog and tcplog. json: one document a line',
    ).prefault(defaults.accessLogFormat),
  })
  .meta({ description: 'One line for each ended stream' });

const nft = z
  .strictObject({
    counters: flag('Named counters in the kernel for binds, shards, instances and servers').prefault(false),
    atExit: choice(
      ['remove', 'stay'],
      'What becomes of the table inet sluice when the runtime ends',
    ).prefault(defaults.nftAtExit),
  })
  .meta({ description: "The runtime's own table in nftables, inet sluice" });

export const runtime = z
  .strictObject({
    name: name('How this runtime is called on screens').prefault(defaults.runtimeName),
    control: control.prefault({}),
    stateFile: file('Where overrides and drain jobs outlive a restart').optional(),
    journalFile: file('Where the journal outlives a restart').optional(),
    accessLog: accessLog.optional(),
    watch: file(
      'Folder of Kubernetes YAML, whose routes and servers are served beside those of this file, live',
    ).optional(),
    nft: nft.prefault({}),
    grace: duration('How long open streams may go on when the runtime is told to stop').prefault(
      defaults.grace,
    ),
  })
  .meta({ description: 'The process that owns the engine' });
