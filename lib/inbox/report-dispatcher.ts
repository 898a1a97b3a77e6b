import type { Dlr } from '../dto/dlr.js';
import { UnorderedList, type Listed } from './unordered-list.js';

/** Reports that start in one turn of the event loop: listeners that never wait must not block the rest of the process. */
const MAX_PER_TICK = 16;

/** A suspect that has waited longer than this goes before the other reports. */
const SUSPECT_WAITS_MS = 10_000;
/** A suspect runs alone for this long: if it ends the process, no other report was with a listener. */
const ALONE_MS = 5_000;

interface DeliveryOptions {
  /** Awaited right before the listeners get the report; if it rejects, the report ends as `stopped`. */
  begin?: () => Promise<void>;
  /** Whether the report is delivered alone, after the others. */
  isSuspect?: boolean;
  /** Called in place of the listeners. */
  deliver?: () => Promise<void>;
}

const NO_OPTIONS: DeliveryOptions = {};

/** `stopped`: the dispatcher stopped, or the report was not allowed to start. */
type DeliveryResult = { kind: 'handled' } | { kind: 'failed'; error: unknown } | { kind: 'stopped' };

/**
 * A report that waits, or is with its listeners. Thousands can wait, so nothing else is allocated before a report starts.
 *
 * A class, and not a literal, for the reason given at `NO_REPORT` (`gateway/read-dlrs`).
 */
class Delivery implements Listed {
  at: number | undefined;
  /** Later reports of its message, which wait until it has ended. */
  followers: Delivery[] | undefined;

  constructor(
    readonly dlr: Dlr,
    readonly mayStart: () => boolean,
    readonly end: (dlr: Dlr, result: DeliveryResult) => void,
    readonly options: DeliveryOptions = NO_OPTIONS,
  ) {}
}

/** `open`: reports are delivered. `paused`: waiting and new reports end as `stopped`. `stopped`: the same, permanently. */
type DispatcherMode = 'open' | 'paused' | 'stopped';

/**
 * Delivers reports to their listeners, a limited number at a time, in order of arrival. Reports of one message are delivered
 * one after another, so that no later status overtakes an earlier one. Suspects, which may have ended a process, come last: one at
 * a time, with no other report beside them.
 */
export class ReportDispatcher {
  readonly #queue: Delivery[] = [];
  /** Reports whose predecessor of the same message has ended: they go before the queue. */
  readonly #ready: Delivery[] = [];
  readonly #suspects: { delivery: Delivery; since: number }[] = [];
  readonly #running = new UnorderedList<Delivery>();
  /** The suspect that is being delivered alone. */
  #alone: Delivery | undefined;
  #aloneTimer: NodeJS.Timeout | undefined;
  readonly #onIdle: (() => void)[] = [];
  #waiting = 0;
  #startedThisTick = 0;
  #mode: DispatcherMode = 'open';

  /** @param publish Calls the listeners of a report; rejects when one of them fails. */
  constructor(
    private readonly concurrency: number,
    private readonly publish: (dlr: Dlr) => Promise<void>,
  ) {}

  /** Number of reports that have not started. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Number of reports that are with their listeners. */
  get running(): number {
    return this.#running.size;
  }

  get #isStopped(): boolean {
    return this.#mode === 'stopped';
  }

  /** Resolves when the report has ended. Never rejects. */
  deliver(dlr: Dlr, mayStart: () => boolean, options = NO_OPTIONS): Promise<DeliveryResult> {
    return new Promise((resolve) => {
      if (this.#mode !== 'open') return resolve({ kind: 'stopped' });
      const delivery = new Delivery(dlr, mayStart, (_, result) => resolve(result), options);
      if (options.isSuspect) this.#suspects.push({ delivery, since: performance.now() });
      else this.#queue.push(delivery);
      this.#waiting += 1;
      this.#dispatch();
    });
  }

  /**
   * Delivers reports in their order. Resolves when all of them have ended; never rejects.
   *
   * @param mayStart Asked right before each report starts: if false, the report ends as `stopped`.
   */
  deliverAll(
    dlrs: readonly Dlr[],
    mayStart: () => boolean,
    onEnd: (dlr: Dlr, result: DeliveryResult) => void,
  ): Promise<void> {
    return new Promise((resolve) => {
      let open = dlrs.length;
      if (open === 0) return resolve();
      const end: Delivery['end'] = (dlr, result) => {
        onEnd(dlr, result);
        open -= 1;
        if (open === 0) resolve();
      };
      if (this.#mode !== 'open') return dlrs.forEach((dlr) => end(dlr, { kind: 'stopped' }));
      for (const dlr of dlrs) this.#queue.push(new Delivery(dlr, mayStart, end));
      this.#waiting += dlrs.length;
      this.#dispatch();
    });
  }

  /** Starts nothing until {@link resume}: waiting reports end as `stopped`. Resolves when no report is with its listener. */
  pause(): Promise<void> {
    if (this.#mode !== 'stopped') this.#mode = 'paused';
    this.#endWaiting();
    return this.#running.size === 0 ? Promise.resolve() : new Promise((resolve) => this.#onIdle.push(resolve));
  }

  resume(): void {
    if (this.#mode !== 'stopped') this.#mode = 'open';
  }

  /** Stops permanently. A report that is still with its listener after `patienceMs` ends as `stopped`. */
  stop(patienceMs: number): void {
    this.#mode = 'stopped';
    this.#endWaiting();
    if (this.#running.size === 0) return;
    const timer = setTimeout(() => {
      for (const delivery of this.#running.all) this.#end(delivery, { kind: 'stopped' });
    }, patienceMs);
    this.#onIdle.push(() => clearTimeout(timer));
  }

  #endWaiting(): void {
    this.#waiting = 0;
    const suspects = this.#suspects.splice(0).map(({ delivery }) => delivery);
    const followers = [...this.#running.all, ...this.#ready].map((one) => one.followers ?? []);
    for (const deliveries of [this.#ready, ...followers, this.#queue, suspects]) {
      for (const { dlr, end } of deliveries.splice(0)) end(dlr, { kind: 'stopped' });
    }
  }

  /** Starts waiting reports, up to the limits. */
  #dispatch(): void {
    while (this.#mode === 'open' && this.#running.size < this.concurrency && this.#startedThisTick < MAX_PER_TICK) {
      const delivery = this.#next();
      if (delivery === undefined) return;
      if (this.#startedThisTick === 0) setImmediate(() => this.#onNextTick());
      this.#startedThisTick += 1;
      this.#waiting -= 1;
      this.#running.add(delivery);
      void this.#run(delivery);
    }
  }

  #next(): Delivery | undefined {
    if (this.#alone) return undefined;
    const [suspect] = this.#suspects;
    const isStarved = suspect !== undefined && performance.now() - suspect.since > SUSPECT_WAITS_MS;
    const delivery = isStarved ? undefined : (this.#ready.shift() ?? this.#nextInQueue());
    // A suspect starts when nothing else runs.
    if (delivery !== undefined || suspect === undefined || this.#running.size > 0) return delivery;
    this.#suspects.shift();
    return this.#isolate(suspect.delivery);
  }

  #isolate(delivery: Delivery): Delivery {
    this.#alone = delivery;
    // A suspect that is merely slow must not block the others.
    this.#aloneTimer = setTimeout(() => this.#endAlone(), ALONE_MS);
    return delivery;
  }

  #endAlone(): void {
    clearTimeout(this.#aloneTimer);
    this.#alone = undefined;
    this.#dispatch();
  }

  /**
   * The first report whose message has none with its listeners. The reports before it wait for that of their message. Called when no
   * report is ready.
   */
  #nextInQueue(): Delivery | undefined {
    for (;;) {
      const delivery = this.#queue.shift();
      const message = delivery?.dlr.msgId;
      if (delivery === undefined || message === undefined) return delivery;
      const earlier = this.#running.find(({ dlr }) => dlr.msgId === message);
      if (earlier === undefined) return delivery;
      (earlier.followers ??= []).push(delivery);
    }
  }

  #onNextTick(): void {
    this.#startedThisTick = 0;
    this.#dispatch();
  }

  async #run(delivery: Delivery): Promise<void> {
    const { begin, deliver } = delivery.options;
    let result: DeliveryResult = { kind: 'handled' };
    try {
      const hasBegun = begin === undefined || (await begins(begin));
      if (hasBegun && !this.#isStopped && delivery.mayStart()) await (deliver?.() ?? this.publish(delivery.dlr));
      else result = { kind: 'stopped' };
    } catch (error) {
      // After a stop, a database of the listener may be closed already.
      result = this.#isStopped ? { kind: 'stopped' } : { kind: 'failed', error };
    }
    this.#end(delivery, result);
  }

  #end(delivery: Delivery, result: DeliveryResult): void {
    // stop() has ended it already.
    if (!this.#running.delete(delivery)) return;
    this.#releaseFollower(delivery);
    delivery.end(delivery.dlr, result);
    if (delivery === this.#alone) this.#endAlone();
    if (this.#running.size === 0) for (const resolve of this.#onIdle.splice(0)) resolve();
    this.#dispatch();
  }

  #releaseFollower({ followers }: Delivery): void {
    const next = followers?.shift();
    if (next === undefined) return;
    next.followers = followers;
    this.#ready.push(next);
  }
}

/** False when the store does not accept the mark: an attempt that is not marked would not count, so it must not start. */
const begins = (begin: () => Promise<void>): Promise<boolean> =>
  begin().then(
    () => true,
    () => false,
  );
