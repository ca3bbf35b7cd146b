// One client connection in HTTP/1: reads requests one after another, hands each to the exchange, writes what comes
// back, and knows when to end. What comes after the request under way waits as text, with back-pressure.
//
//   head ──(a whole head)──► stream ──(answered)──► head …
//    │                         ├──(101)──► tunnel ──► closed
//    │                         └──(broken off)──► closed (reset)
//    └──(refused, or the last answer)──► lingering ──(the client ends too, or time is over)──► closed

import type { Socket } from 'node:net';
import type { Who } from '../../domain/termination.ts';
import type { BindRuntime } from '../bind-runtime.ts';
import type { LiveConnection } from '../live-connection.ts';
import type { Plane } from '../plane.ts';
import type { ServerRuntime } from '../server-runtime.ts';
import type { Timers } from '../timers.ts';
import { startTunnel, type Tunnel, type TunnelEnd } from '../tunnel.ts';
import { routeHost } from './authority.ts';
import { type Awaited, ClientWire, type ClientWireUser } from './client-wire.ts';
import { errorAnswer } from './error-answer.ts';
import { Exchange, type ExchangeClient } from './exchange.ts';
import { needsMore, refused } from './field-lines.ts';
import { KeepAlivePlace } from './keep-alive-place.ts';
import { type Refusal, refuse } from './refusal.ts';
import { RequestBody } from './request-body.ts';
import { mayUpgrade, RequestForwarder } from './request-forwarder.ts';
import { RequestHead } from './request-head.ts';
import type { ServerConnection } from './server-connection.ts';
import { stickinessOf } from './stickiness.ts';
import { countAbort, countAnswer, countSent } from './stream-counting.ts';
import { beginStream, noteUpgrade, regularEnd, type StreamCauses, terminationOf } from './stream-fields.ts';

type SessionState = 'head' | 'stream' | 'tunnel' | 'lingering' | 'closed';

/** Text of further requests that may wait while one is served. */
const maxWaiting = 65_536;
const emptyLines = /^(?:\r\n)*\r?$/;
/** Takes over an accepted socket for good. */
export function serveHttp(socket: Socket, bind: BindRuntime, plane: Plane): void {
  void new ClientSession(socket, bind, plane);
}

class ClientSession implements ExchangeClient, ClientWireUser {
  readonly live: LiveConnection;
  readonly bind: BindRuntime;
  readonly timers: Timers;
  readonly head = new RequestHead();
  readonly #wire: ClientWire;
  readonly #plane: Plane;
  readonly #forwarder: RequestForwarder;
  readonly #place: KeepAlivePlace;
  readonly #exchange: Exchange;
  readonly #body = new RequestBody();
  #state: SessionState = 'head';
  /** Read and not yet consumed: the head being read, or what came after the request under way. */
  #text = '';
  /** The request under way, from its first octet. */
  #requestText = '';
  #headBegun = false;
  #pumping = false;
  #closing = false;
  #retiring = false;
  #tunnel: Tunnel | undefined = undefined;

  constructor(socket: Socket, bind: BindRuntime, plane: Plane) {
    this.bind = bind;
    this.#plane = plane;
    this.timers = plane.timers;
    this.live = plane.begin(
      socket,
      bind,
      () => this.#kill(),
      () => this.#retire(),
    );
    this.#forwarder = new RequestForwarder(socket, bind, this.live.clientHost);
    this.#place = new KeepAlivePlace(bind, this.live);
    this.#exchange = new Exchange(this, this.live.clientHost);
    this.#wire = new ClientWire(socket, this.timers, this);
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
        this.#text = this.#text === '' ? chunk.toString('latin1') : this.#text + chunk.toString('latin1');
        this.#pump(live.lastByteMono);
        return;
      case 'stream':
        if (!this.#body.done) this.#moreBody(chunk);
        else this.#wait(chunk.toString('latin1'));
        return;
      case 'tunnel':
      case 'lingering':
      case 'closed':
        return;
    }
  }

  #wait(text: string): void {
    this.#text += text;
    if (this.#text.length > maxWaiting) this.#wire.pause();
  }

  /** Serves what is there, one request after another, until one has to wait for a server or for more octets. */
  #pump(now: number): void {
    if (this.#pumping) return;
    this.#pumping = true;
    while (this.#state === 'head' && this.#text !== '' && this.#readHead(now));
    this.#pumping = false;
    if (this.#state === 'head' && this.#wire.ended && !this.#wire.full) this.#endAtHead();
  }

  /** False: no whole head is there, or the client must first read what it was sent. */
  #readHead(now: number): boolean {
    if (this.#wire.full) {
      this.#wire.await('reading', this.bind.settings.timeouts.client);
      return false;
    }
    if (!this.#headBegun && !this.#beginHead(now)) return false;
    const { maxHeadBytes, timeouts } = this.bind.settings;
    const end = this.head.parse(this.#text, maxHeadBytes);
    if (end === needsMore) {
      if (this.#wire.awaited !== 'head') this.#wire.await('head', timeouts.request);
      this.#wire.resume();
      return false;
    }
    if (end === refused) this.#refuse(this.head.refusal!);
    else this.#beginStream(end, now);
    return true;
  }

  /** Empty lines before a request are skipped (RFC 9112 2.2). */
  #beginHead(now: number): boolean {
    while (this.#text.startsWith('\r\n')) this.#text = this.#text.slice(2);
    if (this.#text === '' || this.#text === '\r') return false;
    this.#headBegun = true;
    this.#place.leave();
    this.live.requestMono = now;
    this.live.phase = 'head';
    return true;
  }

  #beginStream(end: number, now: number): void {
    const { head, live, bind } = this;
    const { settings } = bind;
    this.#state = 'stream';
    this.#wire.awaitNothing();
    bind.traffic.requests += 1;
    beginStream(live, head, now);
    this.#closing = !head.persistent || this.#retiring || this.#plane.stopping;
    const text = this.#text;
    this.#requestText = text;
    const refusal = this.#body.start(head, text, end, settings.maxBodyBytes);
    if (refusal !== undefined) {
      this.#refuse(refusal);
      return;
    }
    const { first, next } = this.#body;
    live.streamBytesIn = next;
    this.#text = next === text.length ? '' : text.slice(next);
    const route = bind.routes.insecure.match(
      routeHost(head.hostName),
      head.originTarget === '' ? head.target : head.originTarget,
    );
    live.route = route?.name;
    const backend = route === undefined ? bind.backend : route.choose();
    if (backend === undefined) {
      const cause = route === undefined ? 'no route for this host' : 'this route has no backend';
      this.failed(503, cause, 'P', 'C');
      return;
    }
    live.backend = backend.name;
    if (!this.#body.done) this.#wire.await('body', settings.timeouts.client);
    this.#exchange.begin(backend, stickinessOf(backend, text, head), first);
  }

  #moreBody(chunk: Buffer): void {
    const { live, bind } = this;
    const stop = this.#body.consume(chunk, bind.settings.maxBodyBytes);
    if (stop < 0) {
      this.#exchange.abort();
      if (this.#exchange.relay.begun) this.broken('P');
      else this.#refuse(this.#body.refusal!);
      return;
    }
    live.streamBytesIn += stop;
    const free = this.#exchange.sendBody(stop === chunk.length ? chunk : chunk.subarray(0, stop));
    // Sending may have found the server gone.
    if (this.#state !== 'stream') return;
    if (stop < chunk.length) this.#wait(chunk.toString('latin1', stop));
    if (this.#body.done) {
      this.#wire.awaitNothing();
      this.#exchange.requestEnded();
    } else if (free) this.#wire.await('body', bind.settings.timeouts.client);
    else {
      this.#wire.awaitNothing();
      this.#wire.pause();
    }
  }

  // What the exchange asks.

  get requestDone(): boolean {
    return this.#body.done;
  }

  /** A request that is not read to its end takes the connection with it. */
  get closing(): boolean {
    return this.#closing || !this.#body.done || this.#retiring || this.#plane.stopping;
  }

  get pending(): boolean {
    return this.#wire.pending;
  }

  requestHead(server: ServerRuntime): string {
    const { relay, stickiness } = this.#exchange;
    relay.upgradeAsked = mayUpgrade(this.head, this.#body.empty);
    return this.#forwarder.head(this.#requestText, this.head, server, stickiness, relay.upgradeAsked);
  }

  resumeRequest(): void {
    if (!this.#wire.paused || this.#text.length > maxWaiting) return;
    this.#wire.resume();
    if (this.#state === 'stream' && !this.#body.done)
      this.#wire.await('body', this.bind.settings.timeouts.client);
  }

  write(out: string | Buffer, lent = false): boolean {
    const { length } = out;
    const { live } = this;
    live.bytesOut += length;
    live.streamBytesOut += length;
    countSent(this.bind, this.#exchange, length);
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
    countAnswer(this.bind, this.#exchange, this.live.status);
    this.#place.stickTo(stickiness === undefined ? undefined : server);
    this.#endStream(regularEnd, now);
    this.#afterAnswer(now);
  }

  failed(status: number, cause: string, who: Who, phase: 'R' | 'Q' | 'C' | 'H'): void {
    if (this.#state !== 'stream') return;
    this.#answerOurselves(status, cause, !this.closing && this.head.minor === 1);
    this.#endStream({ who, phase });
    this.#afterAnswer(this.live.endMono);
  }

  broken(who: Who): void {
    if (this.#state !== 'stream') return;
    this.#endStream({ who, phase: 'D' });
    this.#reset();
  }

  switched(connection: ServerConnection, rest: Buffer | undefined): void {
    const { live, bind, timers } = this;
    const { backend, server } = this.#exchange;
    countAnswer(bind, this.#exchange, live.status);
    this.#state = 'tunnel';
    this.#wire.awaitNothing();
    noteUpgrade(live, timers.mono(), this.#exchange.relay.head.upgrade);
    const waiting = this.#text === '' ? undefined : Buffer.from(this.#text, 'latin1');
    // The tunnel counts it again as it passes.
    live.bytesIn -= waiting?.length ?? 0;
    bind.traffic.bytesIn -= waiting?.length ?? 0;
    this.#text = '';
    this.#tunnel = startTunnel({
      client: this.#wire.release(),
      server: connection.wire,
      connection: live,
      bind,
      backend: backend!,
      serverRuntime: server!,
      timers,
      fromClient: waiting,
      fromServer: rest,
      ended: (end) => this.#tunnelEnded(end),
    });
  }

  #tunnelEnded(end: TunnelEnd): void {
    this.#endStream({ who: end, phase: end === '-' ? '-' : 'D' });
    this.#close();
  }

  // How streams and the connection end.

  /** The head or the body is not to be relayed. */
  #refuse(refusal: Refusal): void {
    const { live, bind } = this;
    if (this.#state === 'head') {
      bind.traffic.requests += 1;
      beginStream(live, this.head, -1);
      live.streamBytesIn = this.#text.length;
      this.#state = 'stream';
    }
    bind.traffic.requestErrors += 1;
    this.#answerOurselves(refusal.status, refusal.cause, false);
    this.#endStream({ who: refusal.status === 408 ? 'c' : 'P', phase: 'R' });
    this.#linger();
  }

  #answerOurselves(status: number, cause: string, keep: boolean): void {
    this.live.status = status;
    if (!keep) this.#closing = true;
    this.write(errorAnswer(status, cause, !keep, this.live.method !== 'HEAD'));
    countAnswer(this.bind, { backend: this.#exchange.backend, server: undefined }, status);
  }

  #endStream(causes: StreamCauses, now: number = this.timers.mono()): void {
    const { live } = this;
    const exchange = this.#exchange;
    const { backend, server } = exchange;
    live.endMono = now;
    live.termination = terminationOf(causes, exchange.stickiness, exchange.relay.begun);
    if (causes.phase !== 'R' && causes.phase !== 'C') countAbort(this.bind, exchange, causes.who);
    this.#plane.streamEnded(live, backend, server);
    exchange.finish();
  }

  #afterAnswer(now: number): void {
    if (this.#closing || this.#retiring || this.#plane.stopping || !this.#body.done) {
      this.#linger();
      return;
    }
    this.#state = 'head';
    this.#headBegun = false;
    this.#requestText = '';
    this.head.reset();
    if (this.#text.length <= maxWaiting) this.#wire.resume();
    // Old clients send an empty line behind a body: with it no request has begun yet.
    if (emptyLines.test(this.#text)) {
      this.#place.enter();
      this.#wire.await('next', this.bind.settings.timeouts.keepAlive, now);
    }
    this.#pump(now);
  }

  #linger(): void {
    this.#state = 'lingering';
    this.#place.leave();
    this.#place.stickTo(undefined);
    this.#text = '';
    this.#requestText = '';
    this.#wire.linger(this.bind.settings.timeouts.client);
  }

  clientEnded(): void {
    if (this.#state === 'head') {
      if (!this.#wire.full) this.#endAtHead();
    } else if (this.#state === 'stream' && !this.#body.done) {
      // Once its request is complete a client may end its side, and is still answered.
      this.#clientGone('C');
    }
  }

  /** The client ended, and no whole request is left. */
  #endAtHead(): void {
    if (this.#headBegun) this.#truncatedHead('C');
    else if (this.#state === 'head') this.#linger();
  }

  #truncatedHead(who: Who): void {
    const { live } = this;
    this.bind.traffic.requests += 1;
    this.bind.traffic.requestErrors += 1;
    beginStream(live, this.head, -1);
    live.streamBytesIn = this.#text.length;
    this.#endStream({ who, phase: 'R' });
    this.#close();
  }

  /** The client is gone, or silent, in the middle of a stream. */
  #clientGone(who: Who): void {
    const phase = this.#exchange.phase();
    this.#exchange.abort();
    this.#endStream({ who, phase });
    this.#reset();
  }

  clientDrained(): void {
    this.#exchange.clientDrained();
    if (this.#wire.awaited === '-') {
      const { client, keepAlive } = this.bind.settings.timeouts;
      if (this.#state === 'stream' && !this.#body.done && !this.#wire.paused)
        this.#wire.await('body', client);
      else if (this.#state === 'head' && !this.#headBegun) this.#wire.await('next', keepAlive);
    }
    this.#pump(this.timers.mono());
  }

  clientClosed(): void {
    if (this.#state === 'stream') this.#clientGone('C');
    else if (this.#state === 'head' && this.#headBegun) this.#truncatedHead('C');
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
        if (this.#state !== 'head' || this.#headBegun) return;
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
        } else if (this.#state === 'head' && !this.#headBegun) this.#close();
    }
  }

  #bodyTimedOut(): void {
    if (this.#exchange.relay.begun) {
      this.#clientGone('c');
      return;
    }
    const phase = this.#exchange.phase();
    this.#exchange.abort();
    this.#answerOurselves(408, 'the request body did not come in time', false);
    this.#endStream({ who: 'c', phase });
    this.#linger();
  }

  #kill(): void {
    switch (this.#state) {
      case 'stream': {
        const { relay } = this.#exchange;
        const phase = this.#exchange.phase();
        this.#exchange.abort();
        if (!relay.begun) this.#answerOurselves(502, 'ended by an operator', false);
        const { begun } = relay;
        this.#endStream({ who: 'K', phase });
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
    if (this.#state === 'head' && !this.#headBegun) this.#linger();
  }

  #reset(): void {
    this.#wire.reset();
    this.#close();
  }

  #close(): void {
    if (this.#state === 'closed') return;
    this.#place.leave();
    this.#state = 'closed';
    this.#text = '';
    this.#requestText = '';
    this.#exchange.dispose();
    this.#wire.close();
    this.#plane.end(this.live, this.bind);
  }
}
