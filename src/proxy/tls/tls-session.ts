// One client connection on a bind of mode tls: its ClientHello is read before anything is decided, then it is passed
// through to a server, or its TLS is ended here and an HTTP session takes over.
//
//   hello ──(route: passthrough)──────────────────────► carried, by a TCP session
//     ├──(route: edge, reencrypt; or none)─► handshake ─► carried, by an HTTP session
//     │                                          ├──(failed)────────────────────────► over
//     ├──(refused: an alert, or a 400 in plain HTTP)─► farewell ──(read, or too late)─► over
//     └──(silent too long, gone)─────────────────────────────────────────────────────► over

import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Who } from '../../domain/termination.ts';
import type { ClientTlsFacts, Termination } from '../../domain/tls.ts';
import type { BindRuntime, RouteRuntime } from '../bind-runtime.ts';
import { ClientWire, type ClientWireUser } from '../http/client-wire.ts';
import { errorAnswer } from '../http/error-answer.ts';
import type { LiveConnection } from '../live-connection.ts';
import type { ClientCertificate, Plane, Serve, ServeHttp } from '../plane.ts';
import { carryOver, resetSocket } from '../reset-socket.ts';
import { serveTcp } from '../tcp-session.ts';
import { Timer } from '../timers.ts';
import { type Alert, alertRecord } from './alerts.ts';
import type { ClientHello, HelloRefusal } from './client-hello.ts';
import { clientIdentity, refusalOf } from './client-identity.ts';
import { alpnProtocol, type Credentials, type HandshakeEvents } from './credentials.ts';
import { handshakeFailure } from './handshake-failure.ts';
import { HelloReader } from './hello-reader.ts';

export function serveTls(serveHttp: ServeHttp): Serve {
  return (socket, bind, plane) => void new TlsSession(socket, bind, plane, serveHttp);
}

type SessionState = 'hello' | 'handshake' | 'carried' | 'farewell' | 'over';

class TlsSession implements HandshakeEvents {
  readonly #socket: Socket;
  readonly #bind: BindRuntime;
  readonly #plane: Plane;
  readonly #serveHttp: ServeHttp;
  readonly #live: LiveConnection;
  readonly #timer: Timer;
  readonly #reader = new HelloReader();
  #state: SessionState = 'hello';
  #route: RouteRuntime | undefined = undefined;
  /** The modes at the ClientHello: a switch after it is not this connection's. */
  #terminations: ReadonlyMap<string, Termination>;
  #facts: ClientTlsFacts | undefined = undefined;
  #begun = false;
  #retiring = false;

  constructor(socket: Socket, bind: BindRuntime, plane: Plane, serveHttp: ServeHttp) {
    this.#socket = socket;
    this.#bind = bind;
    this.#plane = plane;
    this.#serveHttp = serveHttp;
    this.#terminations = plane.terminations;
    this.#live = plane.begin(
      socket,
      bind,
      () => this.#kill(),
      () => this.#retire(),
    );
    this.#live.phase = 'handshake';
    this.#timer = new Timer(() => this.#timedOut());
    plane.timers.arm(this.#timer, bind.settings.timeouts.request);
    socket.on('data', this.#onData);
    socket.on('end', this.#onEnd);
    socket.on('error', this.#onLost);
    socket.on('close', this.#onLost);
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#live.lastByteMono = this.#plane.timers.mono();
    const state = this.#reader.push(chunk);
    if (state.at === 'more') return;
    if (state.at === 'hello') this.#decide(state.hello);
    else this.#refuse(state.refusal);
  };

  #decide(hello: ClientHello): void {
    const { routes, settings, traffic } = this.#bind;
    const live = this.#live;
    this.#terminations = this.#plane.terminations;
    live.helloMono = live.lastByteMono;
    const route = routes.bySni(hello.sni);
    const termination = route?.tls && (this.#terminations.get(route.name) ?? route.tls.termination);
    this.#facts = live.tls = {
      ...(termination === undefined ? {} : { termination }),
      ...(hello.sni === undefined ? {} : { sni: hello.sni }),
      alpnOffered: hello.alpn,
      versionsOffered: hello.versions,
    };
    this.#route = route;
    live.route = live.tlsRoute = route?.name;
    if (route !== undefined && termination === 'passthrough') {
      this.#passThrough(route);
      return;
    }
    let credentials: Credentials | undefined;
    try {
      credentials = this.#plane.certificates.credentialsFor(hello.sni, settings, this.#plane.wall());
    } catch (error) {
      this.#refuse({
        alert: 'internal_error',
        cause: error instanceof Error ? error.message : String(error),
      });
      return;
    }
    const refusal =
      credentials === undefined ? unknownName(hello) : unspeakable(hello, settings.tls?.minVersion);
    if (refusal !== undefined) {
      this.#refuse(refusal);
      return;
    }
    this.#state = 'handshake';
    this.#begun = true;
    traffic.tlsConnections += 1;
    if (route !== undefined && termination !== undefined) route.traffic.open[termination] += 1;
    this.#putBack();
    credentials!.handshake(this.#socket, hello.ecdsa, this);
  }

  #passThrough(route: RouteRuntime): void {
    this.#state = 'carried';
    this.#plane.timers.cancel(this.#timer);
    this.#letGo();
    serveTcp(this.#socket, this.#bind, this.#plane, { live: this.#live, route, hello: this.#reader.bytes });
  }

  /** Whoever takes the socket over reads everything from its first byte on. */
  #putBack(): void {
    this.#letGo();
    this.#socket.unshift(this.#reader.bytes);
  }

  #letGo(): void {
    const socket = this.#socket;
    socket.off('data', this.#onData);
    socket.off('end', this.#onEnd);
    socket.off('error', this.#onLost);
    socket.off('close', this.#onLost);
    socket.pause();
  }

  // The handshake with us.

  secured(socket: TLSSocket): void {
    carryOver(socket, this.#socket);
    // Ended meanwhile: the socket under it is on its way out.
    if (this.#state !== 'handshake') return;
    carryOver(socket, this.#socket);
    const { timers } = this.#plane;
    let certificate: ClientCertificate | undefined;
    if (this.#bind.settings.tls?.clientTLS !== undefined) {
      const identity = clientIdentity(socket);
      if (identity.is === 'refused') {
        this.#fail('P', identity.cause);
        // OpenSSL is still in the middle of the handshake below us, and must not lose it under its feet.
        setImmediate(() => resetSocket(socket));
        return;
      }
      if (identity.is === 'verified') certificate = identity.certificate;
    }
    this.#state = 'carried';
    timers.cancel(this.#timer);
    const live = this.#live;
    const resumed = socket.isSessionReused();
    const route = this.#route;
    for (const traffic of [this.#bind.traffic, route?.traffic]) {
      if (traffic === undefined) continue;
      traffic.handshakes += 1;
      if (resumed) traffic.resumed += 1;
    }
    live.handshakeMono = live.lastByteMono = timers.mono();
    route?.traffic.failingClients.succeeded(live.clientHost, live.handshakeMono);
    const { name, version } = socket.getCipher();
    live.tls = {
      ...this.#facts!,
      version: socket.getProtocol() ?? version,
      cipher: name,
      resumed,
      ...(socket.alpnProtocol ? { alpn: socket.alpnProtocol } : {}),
      ...(certificate === undefined ? {} : { clientSubject: certificate.subject }),
    };
    live.mode = 'http';
    live.phase = 'head';
    socket.once('close', this.#uncount);
    this.#serveHttp(socket, this.#bind, this.#plane, {
      live,
      terminations: this.#terminations,
      ...(certificate === undefined ? {} : { clientCertificate: certificate }),
    });
    // Not below OpenSSL either; where it has ended meanwhile it does nothing.
    if (this.#retiring) setImmediate(() => live.retire());
  }

  failed(error: Error, socket: TLSSocket): void {
    if (this.#state !== 'handshake') return;
    const { who, cause } = handshakeFailure(error);
    // A certificate that is not accepted ends the connection without an error of its own.
    if (socket.authorizationError) this.#fail('P', refusalOf(socket));
    else this.#fail(who, cause);
    // OpenSSL's alert is on its way: Node closes the socket behind it.
  }

  // What ends it before anybody carries it.

  #refuse({ alert, cause, plainHttp }: HelloRefusal): void {
    const answer = plainHttp
      ? errorAnswer(400, 'this port speaks TLS, and the request came in plain HTTP: use https://', true, true)
      : alert === undefined
        ? ''
        : alertRecord(alert);
    this.#letGo();
    this.#fail('P', cause, 'farewell');
    this.#sayFarewell(answer);
  }

  /** What we have to say is given time to be read: closing at once would reset the connection, and the words with it. */
  #sayFarewell(words: string | Buffer): void {
    const { timers } = this.#plane;
    const user: ClientWireUser = {
      clientBytes() {},
      clientEnded() {},
      clientDrained() {},
      clientTimedOut() {},
      clientClosed: () => this.#over(),
    };
    const wire = new ClientWire(this.#socket, this.#live, timers, user, false);
    if (words.length > 0) wire.write(words);
    this.#live.bytesOut += words.length;
    this.#socket.resume();
    wire.linger(this.#bind.settings.timeouts.request);
    this.#live.kill = () => {
      wire.reset();
      this.#over();
    };
  }

  #fail(who: Who, cause: string, then: 'farewell' | 'over' = 'over'): void {
    const live = this.#live;
    const { timers } = this.#plane;
    timers.cancel(this.#timer);
    this.#bind.traffic.handshakeFailures += 1;
    live.handshakeMono = live.endMono = timers.mono();
    if (this.#route !== undefined) {
      const { traffic } = this.#route;
      traffic.handshakeFailures += 1;
      traffic.failingClients.failed(live.clientHost, live.endMono);
    }
    live.cause = cause;
    live.termination = `${who}R`;
    this.#plane.streamEnded(live, undefined, undefined);
    this.#state = 'farewell';
    if (then === 'over') this.#over();
  }

  readonly #onEnd = (): void => {
    this.#live.clientFinMono = this.#plane.timers.mono();
    this.#gone('ended the connection');
    this.#socket.destroy();
  };

  readonly #onLost = (): void => {
    if (this.#state !== 'hello') return;
    this.#noteReset('client');
    this.#gone('reset the connection');
  };

  #gone(how: string): void {
    this.#letGo();
    this.#fail(
      'C',
      `the client ${how} ${this.#reader.size === 0 ? 'without a word' : 'in the middle of its ClientHello'}`,
    );
  }

  #timedOut(): void {
    const heard = this.#reader.size === 0 ? 'no ClientHello came' : 'no whole ClientHello came';
    this.#cut(
      'c',
      `${this.#state === 'hello' ? heard : 'the handshake was not complete'} within the request timeout`,
    );
  }

  #kill(): void {
    if (this.#state === 'hello' || this.#state === 'handshake') this.#cut('K', 'ended by an operator');
  }

  /** A connection that has said nothing yet is closed; one that has begun is served, and told that it was the last time. */
  #retire(): void {
    this.#retiring = true;
    if (this.#state !== 'hello' || this.#reader.size > 0) return;
    this.#letGo();
    this.#socket.on('error', ignore);
    this.#plane.timers.cancel(this.#timer);
    this.#over();
    this.#socket.destroy();
  }

  #cut(who: Who, cause: string): void {
    if (this.#state === 'hello') {
      this.#letGo();
      this.#socket.on('error', ignore);
    }
    this.#noteReset('sluice');
    this.#fail(who, cause);
    resetSocket(this.#socket);
  }

  #noteReset(by: 'client' | 'sluice'): void {
    const live = this.#live;
    if (live.resetMono !== -1) return;
    live.resetMono = this.#plane.timers.mono();
    live.resetBy = by;
  }

  #over(): void {
    if (this.#state === 'over') return;
    this.#state = 'over';
    this.#uncount();
    this.#plane.end(this.#live, this.#bind);
  }

  readonly #uncount = (): void => {
    if (!this.#begun) return;
    this.#begun = false;
    this.#bind.traffic.tlsConnections -= 1;
    const termination = this.#facts?.termination;
    if (this.#route !== undefined && termination !== undefined) this.#route.traffic.open[termination] -= 1;
  };
}

function ignore(): void {}

function unknownName({ sni }: ClientHello): HelloRefusal {
  const cause =
    sni === undefined
      ? 'the client sent no server name, and there is no default certificate'
      : `no route and no certificate for ${sni}`;
  return { alert: 'unrecognized_name', cause };
}

/** What OpenSSL would refuse as well, in clearer words. */
function unspeakable({ versions, alpn }: ClientHello, minVersion = 'TLSv1.2'): HelloRefusal | undefined {
  if (
    !versions.some((version) => version === 'TLSv1.3' || (version === 'TLSv1.2' && minVersion === 'TLSv1.2'))
  ) {
    return refusal(
      'protocol_version',
      `the client speaks ${versions.join(', ') || 'no known version'}, this bind ${minVersion} and newer`,
    );
  }
  if (alpn.length > 0 && !alpn.includes(alpnProtocol)) {
    return refusal('no_application_protocol', `the client speaks ${alpn.join(', ')}, not ${alpnProtocol}`);
  }
  return undefined;
}

const refusal = (alert: Alert, cause: string): HelloRefusal => ({ alert, cause });
