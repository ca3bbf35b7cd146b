// One client connection in HTTP/1: reads requests one after another, hands each to the exchange, writes what comes
// back, and knows when to end. What comes after the request under way waits as text, with back-pressure.
//
//   head ──(a whole head)──► stream ──(answered)──► head …
//    │                         ├──(101)──► tunnel ──► closed
//    │                         └──(broken off)──► closed (reset)
//    └──(refused, or the last answer)──► lingering ──(the client ends too, or time is over)──► closed

import type { Socket } from 'node:net';
import type { Who } from '../../domain/termination.ts';
import type { BindRuntime, RouteRuntime } from '../bind-runtime.ts';
import type { LiveConnection } from '../live-connection.ts';
import type { Plane, TlsEntrance } from '../plane.ts';
import type { ServerRuntime } from '../server-runtime.ts';
import type { Timers } from '../timers.ts';
import type { Tunnel, TunnelEnd } from '../tunnel.ts';
import { ClientStream } from './client-stream.ts';
import { type Awaited, ClientWire, type ClientWireUser } from './client-wire.ts';
import { errorAnswer } from './error-answer.ts';
import { Exchange, type ExchangeClient } from './exchange.ts';
import { needsMore, refused } from './field-lines.ts';
import { KeepAlivePlace } from './keep-alive-place.ts';
import { redirectAnswer, redirectLocation } from './redirect.ts';
import { malformed, type Refusal, refuse } from './refusal.ts';
import { RequestForwarder } from './request-forwarder.ts';
import type { RequestHead } from './request-head.ts';
import { RequestReader } from './request-reader.ts';
import { RequestRouting } from './request-routing.ts';
import type { ServerConnection } from './server-connection.ts';
import { stickinessOf } from './stickiness.ts';
import { regularEnd } from './stream-fields.ts';
import { mayUpgrade, startUpgradeTunnel } from './upgrade.ts';

type SessionState = 'head' | 'stream' | 'tunnel' | 'lingering' | 'closed';

/** Takes over an accepted socket for good; over TLS that was ended here the TLSSocket, with what is known of it. */
export function serveHttp(socket: Socket, bind: BindRuntime, plane: Plane, entrance?: TlsEntrance): void {
  void new ClientSession(socket, bind, plane, entrance);
}

class ClientSession implements ExchangeClient, ClientWireUser {
  readonly live: LiveConnection;
  readonly bind: BindRuntime;
  readonly timers: Timers;
  readonly head: RequestHead;
  readonly #wire: ClientWire;
  readonly #plane: Plane;
  readonly #routing: RequestRouting;
  readonly #forwarder: RequestForwarder;
  readonly #place: KeepAlivePlace;
  readonly #exchange: Exchange;
  readonly #stream: ClientStream;
  readonly #reader: RequestReader;
  #state: SessionState = 'head';
  #pumping = false;
  #closing = false;
  #retiring = false;
  #tunnel: Tunnel | undefined = undefined;

  constructor(socket: Socket, bind: BindRuntime, plane: Plane, entrance: TlsEntrance | undefined) {
    this.bind = bind;
    this.#reader = new RequestReader(entrance !== undefined);
    this.head = this.#reader.head;
    this.#plane = plane;
    this.timers = plane.timers;
    const kill = () => this.#kill();
    const retire = () => this.#retire();
    this.live = entrance?.live ?? plane.begin(socket, bind, kill, retire);
    if (entrance !== undefined) takeOver(entrance.live, kill, retire);
    this.#routing = new RequestRouting(bind, plane, entrance);
    this.#forwarder = new RequestForwarder(bind, this.live.clientHost, entrance);
    this.#place = new KeepAlivePlace(bind, this.live);
    this.#exchange = new Exchange(this, this.live.clientHost, entrance !== undefined);
    this.#stream = new ClientStream(this.live, bind, plane, this.#exchange);
    this.#wire = new ClientWire(socket, this.live, this.timers, this, entrance !== undefined);
    this.#wire.await('head', bind.settings.timeouts.request);
  }

  // What the client sends.

  clientBytes(chunk: Buffer): void {
    const { live } = this;
    const { length } = chunk;
    live.bytesIn += length;
    this.bind.traffic.bytesIn += length;
    live.lastByteMono = this.timers.mono();
    switch (this.#state) {
      case 'head':
        this.#reader.add(chunk.toString('latin1'));
        this.#pump(live.lastByteMono);
        return;
      case 'stream':
        if (!this.requestDone) this.#moreBody(chunk);
        else this.#wait(chunk.toString('latin1'));
        return;
      case 'tunnel':
      case 'lingering':
      case 'closed':
        return;
    }
  }

  #wait(text: string): void {
    this.#reader.add(text);
    if (this.#reader.overfull) this.#wire.pause();
  }

  /** Serves what is there, one request after another, until one has to wait for a server or for more octets. */
  #pump(now: number): void {
    if (this.#pumping) return;
    this.#pumping = true;
    while (this.#state === 'head' && this.#reader.text !== '' && this.#readHead(now));
    this.#pumping = false;
    if (this.#state === 'head' && this.#wire.ended && !this.#wire.full) this.#endAtHead();
  }

  /** False: no whole head is there, or the client must first read what it was sent. */
  #readHead(now: number): boolean {
    if (this.#wire.full) {
      this.#wire.await('reading', this.bind.settings.timeouts.client);
      return false;
    }
    if (!this.#reader.begun && !this.#beginHead(now)) return false;
    const { maxHeadBytes, timeouts } = this.bind.settings;
    const end = this.#reader.parse(maxHeadBytes);
    if (end === needsMore) {
      if (this.#wire.awaited !== 'head') this.#wire.await('head', timeouts.request);
      this.#wire.resume();
      return false;
    }
    if (end === refused) this.#refuse(this.head.refusal!);
    else this.#beginStream(end, now);
    return true;
  }

  #beginHead(now: number): boolean {
    if (!this.#reader.begin()) return false;
    this.#place.leave();
    this.#exchange.relay.hsts = '';
    this.live.requestMono = now;
    this.live.phase = 'head';
    return true;
  }

  #beginStream(end: number, now: number): void {
    const { head, live, bind } = this;
    const { settings } = bind;
    this.#state = 'stream';
    this.#wire.awaitNothing();
    this.#stream.begin(head, now);
    this.#closing = !head.persistent || this.#retiring || this.#plane.stopping;
    const refusal = this.#reader.take(end, settings.maxBodyBytes);
    if (refusal !== undefined) {
      this.#refuse(refusal);
      return;
    }
    const { first, next } = this.#reader.body;
    live.streamBytesIn = next;
    const routing = this.#routing;
    const way = routing.find(head);
    this.#stream.routed(routing.route);
    this.#exchange.relay.hsts = routing.hstsLine;
    if (way === 'forward') this.#forward(first);
    else if (way === 'redirect') this.#redirect();
    else {
      this.#stream.countRefused();
      this.failed(421, 'this host is not served on connections made for another one', 'P', 'R');
    }
  }

  #forward(first: string | Buffer): void {
    const { head, live, bind } = this;
    const routing = this.#routing;
    const unserved = routing.choose();
    if (unserved !== undefined) {
      live.cause = routing.fault;
      this.failed(503, unserved, 'P', 'C');
      return;
    }
    const { backend, profile, secureCookie } = routing;
    live.backend = backend!.name;
    if (!this.requestDone) this.#wire.await('body', bind.settings.timeouts.client);
    const stickiness = stickinessOf(backend!, this.#reader.request, head, secureCookie);
    this.#exchange.begin(backend!, stickiness, first, profile);
  }

  #redirect(): void {
    const location = redirectLocation(this.head, this.bind.tlsPort);
    if (location === undefined) {
      this.#refuse(malformed('no host to be redirected to'));
      return;
    }
    // A 1.0 client would have to be told that the connection stays.
    const close = this.closing || this.head.minor === 0;
    this.#answerOurselves(302, close, redirectAnswer(location, close));
    this.#stream.end({ who: 'L', phase: 'R' });
    this.#afterAnswer(this.live.endMono);
  }

  #moreBody(chunk: Buffer): void {
    const { live, bind } = this;
    const { body } = this.#reader;
    const stop = body.consume(chunk, bind.settings.maxBodyBytes);
    if (stop < 0) {
      this.#exchange.abort();
      if (this.#exchange.relay.begun) this.broken('P');
      else this.#refuse(body.refusal!);
      return;
    }
    live.streamBytesIn += stop;
    const free = this.#exchange.sendBody(stop === chunk.length ? chunk : chunk.subarray(0, stop));
    // Sending may have found the server gone.
    if (this.#state !== 'stream') return;
    if (stop < chunk.length) this.#wait(chunk.toString('latin1', stop));
    if (body.done) {
      this.#wire.awaitNothing();
      this.#exchange.requestEnded();
    } else if (free) this.#wire.await('body', bind.settings.timeouts.client);
    else {
      this.#wire.awaitNothing();
      this.#wire.pause();
    }
  }

  // What the exchange asks.

  get route(): RouteRuntime | undefined {
    return this.#routing.route;
  }

  get requestDone(): boolean {
    return this.#reader.body.done;
  }

  /** A request that is not read to its end takes the connection with it. */
  get closing(): boolean {
    return this.#closing || !this.requestDone || this.#retiring || this.#plane.stopping;
  }

  get pending(): boolean {
    return this.#wire.holdsLent;
  }

  requestHead(server: ServerRuntime): string {
    const { relay, stickiness } = this.#exchange;
    relay.upgradeAsked = mayUpgrade(this.head, this.#reader.body.empty);
    return this.#forwarder.head(this.#reader.request, this.head, server, stickiness, relay.upgradeAsked);
  }

  resumeRequest(): void {
    if (!this.#wire.paused || this.#reader.overfull) return;
    this.#wire.resume();
    if (this.#state === 'stream' && !this.requestDone)
      this.#wire.await('body', this.bind.settings.timeouts.client);
  }

  write(out: string | Buffer, lent = false): boolean {
    this.#stream.countSent(out.length);
    const free = this.#wire.write(out, lent);
    if (!free) this.#wire.await('reading', this.bind.settings.timeouts.client);
    return free;
  }

  answerBegins(status: number, close: boolean): void {
    this.live.status = status;
    this.live.phase = 'data';
    if (close) this.#closing = true;
  }

  answered(now: number): void {
    const { server, stickiness } = this.#exchange;
    this.#stream.countAnswer();
    this.#place.stickTo(stickiness === undefined ? undefined : server);
    this.#stream.end(regularEnd, now);
    this.#afterAnswer(now);
  }

  failed(status: number, cause: string, who: Who, phase: 'R' | 'Q' | 'C' | 'H'): void {
    if (this.#state !== 'stream') return;
    this.#answerError(status, cause, this.closing || this.head.minor === 0);
    this.#stream.end({ who, phase });
    this.#afterAnswer(this.live.endMono);
  }

  broken(who: Who): void {
    if (this.#state !== 'stream') return;
    this.#stream.end({ who, phase: 'D' });
    this.#reset();
  }

  switched(connection: ServerConnection, rest: Buffer | undefined): void {
    this.#stream.countAnswer();
    this.#state = 'tunnel';
    this.#wire.awaitNothing();
    this.#tunnel = startUpgradeTunnel(this, this.#stream, {
      protocol: this.#exchange.relay.head.upgrade,
      socket: this.#wire.release(),
      connection,
      fromClient: this.#reader.release(),
      fromServer: rest,
      ended: (end) => this.#tunnelEnded(end),
    });
  }

  #tunnelEnded(end: TunnelEnd): void {
    this.#stream.end({ who: end, phase: end === '-' ? '-' : 'D' });
    this.#close();
  }

  // How streams and the connection end.

  /** The head or the body is not to be relayed. */
  #refuse(refusal: Refusal): void {
    if (this.#state === 'head') {
      this.#stream.begin(this.head, -1, this.#reader.text.length);
      this.#state = 'stream';
    }
    this.#stream.countRefused();
    this.#answerError(refusal.status, refusal.cause, true);
    this.#stream.end({ who: refusal.status === 408 ? 'c' : 'P', phase: 'R' });
    this.#linger();
  }

  #answerError(status: number, cause: string, close: boolean): void {
    const { live } = this;
    live.cause ??= cause;
    const { hsts } = this.#exchange.relay;
    this.#answerOurselves(status, close, errorAnswer(status, cause, close, live.method !== 'HEAD', hsts));
  }

  #answerOurselves(status: number, close: boolean, answer: string): void {
    this.live.status = status;
    if (close) this.#closing = true;
    this.write(answer);
    this.#stream.countOwnAnswer();
  }

  #afterAnswer(now: number): void {
    if (this.closing) {
      this.#linger();
      return;
    }
    this.#state = 'head';
    this.#reader.next();
    if (!this.#reader.overfull) this.#wire.resume();
    if (this.#reader.empty) {
      this.#place.enter();
      this.#wire.await('next', this.bind.settings.timeouts.keepAlive, now);
    }
    this.#pump(now);
  }

  #linger(): void {
    this.#state = 'lingering';
    this.#place.leave();
    this.#place.stickTo(undefined);
    this.#reader.drop();
    this.#wire.linger(this.bind.settings.timeouts.client);
  }

  clientEnded(): void {
    if (this.#state === 'head') {
      if (!this.#wire.full) this.#endAtHead();
    } else if (this.#state === 'stream' && !this.requestDone) {
      // Once its request is complete a client may end its side, and is still answered.
      this.#clientGone('C');
    }
  }

  /** The client ended, and no whole request is left. */
  #endAtHead(): void {
    if (this.#reader.begun) this.#truncatedHead('C');
    else if (this.#state === 'head') this.#linger();
  }

  #truncatedHead(who: Who): void {
    this.#stream.begin(this.head, -1, this.#reader.text.length);
    this.#stream.countRefused();
    this.#stream.end({ who, phase: 'R' });
    this.#close();
  }

  /** The client is gone, or silent, in the middle of a stream. */
  #clientGone(who: Who): void {
    const phase = this.#exchange.phase();
    this.#exchange.abort();
    this.#stream.end({ who, phase });
    this.#reset();
  }

  clientDrained(): void {
    this.#exchange.clientDrained();
    if (this.#wire.awaited === '-') {
      const { client, keepAlive } = this.bind.settings.timeouts;
      if (this.#state === 'stream' && !this.requestDone && !this.#wire.paused)
        this.#wire.await('body', client);
      else if (this.#state === 'head' && !this.#reader.begun) this.#wire.await('next', keepAlive);
    }
    this.#pump(this.timers.mono());
  }

  clientClosed(): void {
    if (this.#state === 'stream') this.#clientGone('C');
    else if (this.#state === 'head' && this.#reader.begun) this.#truncatedHead('C');
    else this.#close();
  }

  clientTimedOut(awaited: Awaited): void {
    switch (awaited) {
      case '-':
        return;
      case 'head':
        if (this.#state === 'head') this.#refuse(refuse(408, 'the request head did not come in time'));
        return;
      case 'next':
        if (this.#state !== 'head' || this.#reader.begun) return;
        // Its last answer is not read yet.
        if (this.#wire.pending) this.#wire.await('reading', this.bind.settings.timeouts.client);
        else this.#close();
        return;
      case 'body':
        if (this.#state === 'stream' && !this.#wire.paused) this.#bodyTimedOut();
        return;
      case 'reading':
        if (this.#wire.pending) {
          if (this.#state === 'stream') this.#clientGone('c');
          else this.#reset();
        } else if (this.#state === 'head' && !this.#reader.begun) this.#close();
    }
  }

  #bodyTimedOut(): void {
    if (this.#exchange.relay.begun) {
      this.#clientGone('c');
      return;
    }
    const phase = this.#exchange.phase();
    this.#exchange.abort();
    this.#answerError(408, 'the request body did not come in time', true);
    this.#stream.end({ who: 'c', phase });
    this.#linger();
  }

  #kill(): void {
    switch (this.#state) {
      case 'stream': {
        const { relay } = this.#exchange;
        const phase = this.#exchange.phase();
        this.#exchange.abort();
        if (!relay.begun) this.#answerError(502, 'ended by an operator', true);
        const { begun } = relay;
        this.#stream.end({ who: 'K', phase });
        if (begun) this.#reset();
        else this.#linger();
        return;
      }
      case 'tunnel':
        this.#tunnel?.kill();
        return;
      case 'head':
      case 'lingering':
        this.#reset();
        return;
      case 'closed':
        return;
    }
  }

  #retire(): void {
    this.#retiring = true;
    if (this.#state === 'head' && !this.#reader.begun) this.#linger();
  }

  #reset(): void {
    this.#wire.reset();
    this.#close();
  }

  #close(): void {
    if (this.#state === 'closed') return;
    this.#place.leave();
    this.#state = 'closed';
    this.#reader.drop();
    this.#exchange.dispose();
    this.#wire.close();
    this.#plane.end(this.live, this.bind);
  }
}

/** A connection that was begun before its TLS was ended. */
function takeOver(live: LiveConnection, kill: () => void, retire: () => void): void {
  live.kill = kill;
  live.retire = retire;
  live.mode = 'http';
  live.phase = 'head';
}
