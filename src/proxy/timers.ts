// Thousands of coarse timeouts on one tick: a hashed wheel of intrusive lists. Arming again is a few stores, never an
// allocation or a system timer. A timer fires at the first tick at or after its deadline: never early, at most a tick late.

import type { Clock } from '../domain/clock.ts';

/** The domain's clock with the monotonic one that every time on a connection is taken from (milliseconds). */
export interface PlaneClock extends Clock {
  mono(): number;
}

export interface Timers {
  /** Monotonic milliseconds, exact. */
  mono(): number;
  /** Fires `timer` once after `ms`, instead of whatever it was armed for. `now`: where the caller has just read the clock. */
  arm(timer: Timer, ms: number, now?: number): void;
  cancel(timer: Timer): void;
}

/** One deadline of one owner: make it with the connection, arm and cancel it as often as needed. */
export class Timer {
  readonly expired: () => void;
  /** Monotonic; 0 while not armed. */
  deadline = 0;
  // Owned by the wheel.
  slot = -1;
  previous: Timer | undefined = undefined;
  next: Timer | undefined = undefined;

  constructor(expired: () => void) {
    this.expired = expired;
  }
  get armed(): boolean {
    return this.deadline !== 0;
  }
}

export const tickMs = 25;
const slots = 512;

export class TimerWheel implements Timers {
  readonly #clock: PlaneClock;
  /** Heads of the lists; a timer sits in the slot of its deadline, or, further than one turn away, is looked at again after a turn. */
  readonly #heads: (Timer | undefined)[] = Array.from({ length: slots }, () => undefined);
  /** The last tick that was run, counted from the clock's zero. */
  #tick: number;
  #linked = 0;
  #stopTicking: (() => void) | undefined;

  constructor(clock: PlaneClock) {
    this.#clock = clock;
    this.#tick = Math.floor(clock.mono() / tickMs);
  }

  mono(): number {
    return this.#clock.mono();
  }

  arm(timer: Timer, ms: number, now: number = this.#clock.mono()): void {
    const deadline = now + ms;
    const later = timer.deadline !== 0 && deadline >= timer.deadline;
    timer.deadline = deadline;
    // A later deadline stays where it is: its slot finds out when it comes round and moves it then.
    if (later && timer.slot !== -1) return;
    if (timer.slot !== -1) this.#unlink(timer);
    this.#link(timer);
  }

  cancel(timer: Timer): void {
    timer.deadline = 0;
    if (timer.slot !== -1) this.#unlink(timer);
  }

  #link(timer: Timer): void {
    if (this.#linked === 0) this.#tick = Math.max(this.#tick, Math.floor(this.#clock.mono() / tickMs));
    const due = Math.max(Math.ceil(timer.deadline / tickMs), this.#tick + 1);
    const slot = Math.min(due, this.#tick + slots - 1) % slots;
    const head = this.#heads[slot];
    timer.slot = slot;
    timer.previous = undefined;
    timer.next = head;
    if (head !== undefined) head.previous = timer;
    this.#heads[slot] = timer;
    this.#linked += 1;
    if (this.#stopTicking === undefined) this.#schedule();
  }

  #unlink(timer: Timer): void {
    if (timer.previous === undefined) this.#heads[timer.slot] = timer.next;
    else timer.previous.next = timer.next;
    if (timer.next !== undefined) timer.next.previous = timer.previous;
    timer.previous = undefined;
    timer.next = undefined;
    timer.slot = -1;
    this.#linked -= 1;
  }

  /** Ticks only while something is armed, so an idle process sleeps. */
  #schedule(): void {
    this.#stopTicking = this.#clock.after(tickMs, () => {
      this.#stopTicking = undefined;
      this.#run();
      if (this.#linked > 0 && this.#stopTicking === undefined) this.#schedule();
    });
  }

  #run(): void {
    const now = this.#clock.mono();
    const current = Math.floor(now / tickMs);
    // After a long pause of the process one turn of the wheel is enough to see every slot.
    let tick = Math.max(this.#tick, current - slots);
    while (tick < current) {
      tick += 1;
      this.#tick = tick;
      this.#runSlot(tick % slots, now);
    }
  }

  #runSlot(slot: number, now: number): void {
    // Taken off as a whole first: an expired timer may arm itself or others into this very slot.
    const due: Timer[] = [];
    for (let timer = this.#heads[slot]; timer !== undefined; timer = timer.next) due.push(timer);
    for (const timer of due) {
      if (timer.slot !== slot) continue;
      this.#unlink(timer);
      if (timer.deadline > now) this.#link(timer);
      else if (timer.deadline !== 0) {
        timer.deadline = 0;
        timer.expired();
      }
    }
  }
}
