// Network namespaces for tests that meet the real kernel: cables between them, addresses, routes, programs inside. The machine's
// own network is never touched. What a test run that was killed left behind is removed by the next one.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { isAlive, run, type Started, type StartOptions, start } from './processes.ts';

const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` };

export interface Namespace {
  readonly name: string;
  /** The words before a program's own that run it inside: for `commandPrefix` and the like. */
  readonly prefix: readonly string[];
  /** Runs to its end, whatever that is. */
  run(
    command: string,
    args: readonly string[],
    options?: Omit<StartOptions, 'ready'>,
  ): ReturnType<typeof run>;
  /** Ended with the network, at the latest. Its pid is the program's own. */
  start(command: string, args: readonly string[], options?: StartOptions): Promise<Started>;
  /** Runs to its end; answers its standard output. @throws with what it wrote where it failed */
  ask(command: string, args: readonly string[], stdin?: string): string;
  /** Rules as text, for those of somebody else: `nft -f -`. @throws */
  rules(text: string): void;
  /** "net.ipv4.ip_forward". @throws */
  sysctl(name: string, value: number | string): void;
}

export interface Network {
  namespace(role: string): Namespace;
  /** A cable. Addresses with their prefix: "10.1.0.1/24", "fd00:1::1/64". Both ends are up then. */
  link(a: CableEnd, b: CableEnd): void;
  /** Ends all that runs inside, and takes everything away. May be called twice. */
  remove(): Promise<void>;
}

export interface CableEnd {
  readonly in: Namespace;
  /** Of the interface there, at most 15 characters. */
  readonly device: string;
  readonly addresses: readonly string[];
  /** Its default routes go to these: "10.1.0.1". */
  readonly via?: readonly string[];
}

/** Why there can be none here; undefined where there can. Suites skip with it in their title. */
export function namespacesFault(): string | undefined {
  if (process.platform !== 'linux') return 'network namespaces are Linux alone';
  if (process.getuid?.() !== 0) return 'network namespaces need root';
  const name = `sl-vt-probe-${process.pid}`;
  const made = spawnSync('ip', ['netns', 'add', name], { env, encoding: 'utf8' });
  if (made.error !== undefined) return 'no `ip` here (Debian: apt-get install iproute2)';
  spawnSync('ip', ['netns', 'delete', name], { env });
  return made.status === 0 ? undefined : `no network namespaces here: ${made.stderr.trim()}`;
}

/** …and those that need the programs, too. */
export function nftablesFault(...programs: readonly ('nft' | 'conntrack')[]): string | undefined {
  const fault = namespacesFault();
  if (fault !== undefined) return fault;
  const missing = programs.find(
    (program) => spawnSync(program, ['--version'], { env, stdio: 'ignore' }).error !== undefined,
  );
  return missing === undefined ? undefined : `no ${missing} here`;
}

const running = new Set<Network>();
let made = 0;

/** @throws where there can be none: ask `namespacesFault` first */
export function createNetwork(label = 'net'): Network {
  removeLeftovers();
  made += 1;
  const mark = `${label.replace(/[^a-z0-9]/gi, '').slice(0, 20)}${made}`;
  const names: string[] = [];
  const programs = new Set<Started>();
  const network: Network = {
    namespace(role) {
      const name = `sl-vt-${mark}.${role}-${process.pid}`;
      tell('ip', ['netns', 'add', name]);
      names.push(name);
      const inside = createNamespace(name, programs);
      tell('ip', ['-n', name, 'link', 'set', 'lo', 'up']);
      // Else no IPv6 address is of any use for its first two seconds, a device's own included.
      for (const devices of ['all', 'default']) inside.sysctl(`net.ipv6.conf.${devices}.accept_dad`, 0);
      return inside;
    },
    link(a, b) {
      tell('ip', [
        ...['link', 'add', a.device, 'netns', a.in.name, 'type', 'veth'],
        ...['peer', 'name', b.device, 'netns', b.in.name],
      ]);
      for (const end of [a, b]) {
        for (const address of end.addresses)
          tell('ip', [
            ...['-n', end.in.name, 'address', 'add', address, 'dev', end.device],
            ...(address.includes(':') ? ['nodad'] : []),
          ]);
        tell('ip', ['-n', end.in.name, 'link', 'set', end.device, 'up']);
      }
      for (const end of [a, b])
        for (const via of end.via ?? [])
          tell('ip', [
            ...['-n', end.in.name, via.includes(':') ? '-6' : '-4'],
            ...['route', 'add', 'default', 'via', via, 'dev', end.device],
          ]);
    },
    async remove() {
      running.delete(network);
      process.off('exit', atExit);
      await Promise.all([...programs].map((program) => program.stop(2_000)));
      removeNow();
    },
  };
  function removeNow(): void {
    for (const name of names.splice(0)) removeNamespace(name);
  }
  const atExit = (): void => {
    if (running.has(network)) removeNow();
  };
  running.add(network);
  process.once('exit', atExit);
  return network;
}

function createNamespace(name: string, programs: Set<Started>): Namespace {
  const prefix = ['ip', 'netns', 'exec', name];
  const inside: Namespace = {
    name,
    prefix,
    run: (command, args, options) =>
      run('ip', [...prefix.slice(1), command, ...args], { ...options, env: options?.env ?? env }),
    async start(command, args, options) {
      const started = await start('ip', [...prefix.slice(1), command, ...args], {
        ...options,
        env: options?.env ?? env,
      });
      programs.add(started);
      void started.exited.then(() => programs.delete(started));
      return started;
    },
    ask: (command, args, stdin) => tell('ip', [...prefix.slice(1), command, ...args], stdin),
    rules: (text) => void inside.ask('nft', ['-f', '-'], text),
    sysctl(sysctl, value) {
      const path = `/proc/sys/${sysctl.replaceAll('.', '/')}`;
      inside.ask('sh', ['-c', 'echo "$1" > "$2"', 'sh', `${value}`, path]);
    },
  };
  return inside;
}

/** @throws with what it wrote */
function tell(command: string, args: readonly string[], stdin?: string): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    env,
    input: stdin ?? '',
    encoding: 'utf8',
    maxBuffer: 256 * 1024 * 1024,
  });
  if (status === 0) return stdout;
  throw new Error(
    `${[command, ...args].join(' ')}: ${error?.message ?? ''}${stderr}${stdout.slice(0, 2_000)}`,
  );
}

/** With whatever still runs there: by pid, as the kernel lists them. */
function removeNamespace(name: string): void {
  const { stdout } = spawnSync('ip', ['netns', 'pids', name], { env, encoding: 'utf8' });
  for (const pid of stdout?.match(/\d+/g) ?? [])
    try {
      process.kill(Number(pid), 'SIGKILL');
    } catch {
      // It ended by itself.
    }
  spawnSync('ip', ['netns', 'delete', name], { env });
}

/** Of test runs that are no more. */
function removeLeftovers(): void {
  let names: readonly string[] = [];
  try {
    names = readdirSync('/run/netns');
  } catch {
    // There has never been one.
  }
  for (const name of names) {
    const pid = /^sl-vt-.*-(\d+)$/.exec(name)?.[1];
    if (pid !== undefined && !isAlive(Number(pid))) removeNamespace(name);
  }
}

/** Clients — proxy — containers, each with IPv4 and IPv6. */
export interface Star {
  readonly network: Network;
  readonly clients: Namespace;
  readonly proxy: Namespace;
  readonly containers: readonly Namespace[];
  readonly addresses: {
    /** Of the clients' namespace, all of them its own. */
    readonly clients: readonly string[];
    readonly clients6: readonly string[];
    /** What clients reach the proxy by: 10.1.0.1. */
    readonly proxy: string;
    readonly proxy6: string;
    /** By container: 10.2.1.2, 10.2.2.2 … */
    readonly containers: readonly string[];
    readonly containers6: readonly string[];
  };
  remove(): Promise<void>;
}

export interface StarOptions {
  readonly label?: string;
  /** How many addresses clients have, of each family; at most 5,000. Default: 1. */
  readonly clients?: number;
  readonly containers: number;
  /** The proxy's namespace forwards packets. Default: true. */
  readonly forward?: boolean;
  /** The kernel counts each connection's bytes and packets there, and notes when it began. Default: true. */
  readonly accounting?: boolean;
}

/** @throws where there can be none: ask `namespacesFault` first; nothing is left then */
export async function createStar(options: StarOptions): Promise<Star> {
  const network = createNetwork(options.label ?? 'star');
  try {
    const proxy = network.namespace('proxy');
    const clients = network.namespace('clients');
    const count = options.clients ?? 1;
    const numbers = Array.from({ length: count }, (_, index) => index + 2);
    const ipv4 = numbers.map((number) => `10.1.${number >> 8}.${number & 255}`);
    const ipv6 = numbers.map((number) => `fd00:1::${number.toString(16)}`);
    network.link(
      { in: proxy, device: 'clients', addresses: ['10.1.0.1/16', 'fd00:1::1/64'] },
      {
        in: clients,
        device: 'eth0',
        addresses: ['10.1.0.2/16', 'fd00:1::2/64'],
        via: ['10.1.0.1', 'fd00:1::1'],
      },
    );
    // All at once: one program for each would take a minute.
    const more = [
      ...ipv4.slice(1).map((address) => `address add ${address}/16 dev eth0`),
      ...ipv6.slice(1).map((address) => `address add ${address}/64 dev eth0 nodad`),
    ];
    if (more.length > 0) clients.ask('ip', ['-batch', '-'], `${more.join('\n')}\n`);
    const containers = Array.from({ length: options.containers }, (_, index) => {
      const container = network.namespace(`pod${index + 1}`);
      const net = index + 1;
      network.link(
        { in: proxy, device: `pod${net}`, addresses: [`10.2.${net}.1/24`, `fd00:2:${net}::1/64`] },
        {
          in: container,
          device: 'eth0',
          addresses: [`10.2.${net}.2/24`, `fd00:2:${net}::2/64`],
          via: [`10.2.${net}.1`, `fd00:2:${net}::1`],
        },
      );
      return container;
    });
    if (options.forward !== false) {
      proxy.sysctl('net.ipv4.ip_forward', 1);
      proxy.sysctl('net.ipv6.conf.all.forwarding', 1);
    }
    if (options.accounting !== false) {
      proxy.sysctl('net.netfilter.nf_conntrack_acct', 1);
      proxy.sysctl('net.netfilter.nf_conntrack_timestamp', 1);
    }
    return {
      network,
      clients,
      proxy,
      containers,
      addresses: {
        clients: ipv4,
        clients6: ipv6,
        proxy: '10.1.0.1',
        proxy6: 'fd00:1::1',
        containers: containers.map((_, index) => `10.2.${index + 1}.2`),
        containers6: containers.map((_, index) => `fd00:2:${index + 1}::2`),
      },
      remove: () => network.remove(),
    };
  } catch (error) {
    await network.remove();
    throw error;
  }
}
