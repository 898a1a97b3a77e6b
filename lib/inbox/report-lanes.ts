import type { Dlr } from '../dto/dlr.js';

/** Reports that are delivered at a stretch: listeners that never wait must not block the rest of the process. */
const AT_A_STRETCH = 16;

/** A suspect that others keep waiting for so long comes before them. */
const SUSPECT_WAITS_MS = 10_000;
/** A suspect is delivered alone for so long: one that ends its process takes no other report with it. */
const ALONE_MS = 5_000;

/** Options of a delivery. */
export interface DeliveryOptions {
  /** Awaited right before its listeners get it; when it rejects, the report ends as `stopped`. */
  begin?: () => Promise<void>;
  /** Whether it is delivered alone, after the others. */
  isSuspect?: boolean;
  /** Delivers it when its turn has come. Default: to its listeners. */
  deliver?: () => Promise<void>;
}

/** Outcome of a report. `stopped`: the lanes were stopped before it was handled. */
export type ReportDelivery = { kind: 'handled' } | { kind: 'failed'; error: unknown } | { kind: 'stopped' };

/** A report that waits for its turn, or is with its listeners. There can be thousands: no more than this is made before. */
interface Turn {
  dlr: Dlr;
  isDue: () => boolean;
  begin?: () => Promise<void>;
  deliver?: () => Promise<void>;
  end: (dlr: Dlr, result: ReportDelivery) => void;
}

/** `open`: reports are delivered. `paused`: those that wait, or come, end as `stopped`. `stopped`: the same, for good. */
type LanesMode = 'open' | 'paused' | 'stopped';

/**
 * The dispatcher of reports: limits how many are with their listeners at a time, in the order of arrival. Reports of one message
 * follow one another, so that no later status overtakes an earlier one. Suspects come last, one by one, with no other report
 * beside them.
 */
export class ReportLanes {
  readonly #line: Turn[] = [];
  /** The messages that have a report with its listeners, and what is kept back until it is handled. */
  readonly #followers = new Map<string, Turn[]>();
  /** Reports that were kept back for an earlier one of their message, which has ended: they go before the line. */
  readonly #overdue: Turn[] = [];
  readonly #suspects: { turn: Turn; since: number }[] = [];
  readonly #running = new Set<Turn>();
  /** The suspect that is delivered alone. */
  #alone: Turn | undefined;
  #aloneTimer: NodeJS.Timeout | undefined;
  readonly #idle: (() => void)[] = [];
  #waiting = 0;
  #stretch = 0;
  #mode: LanesMode = 'open';

  /** @param publish Calls the listeners of a report; rejects when one of them fails. */
  constructor(
    private readonly width: number,
    private readonly publish: (dlr: Dlr) => Promise<void>,
  ) {}

  /** How many wait for their turn. */
  get waiting(): number {
    return this.#waiting;
  }

  /** How many are with their listeners. */
  get running(): number {
    return this.#running.size;
  }

  get #isStopped(): boolean {
    return this.#mode === 'stopped';
  }

  /** Delivers a report when its turn has come. Never rejects. */
  deliver(dlr: Dlr, isDue: () => boolean, options: DeliveryOptions = {}): Promise<ReportDelivery> {
    const { begin, deliver, isSuspect = false } = options;
    return new Promise((resolve) => {
      if (this.#mode !== 'open') return resolve({ kind: 'stopped' });
      const turn: Turn = { dlr, isDue, begin, deliver, end: (_, result) => resolve(result) };
      if (isSuspect) this.#suspects.push({ turn, since: performance.now() });
      else this.#line.push(turn);
      this.#waiting += 1;
      this.#fill();
    });
  }

  /**
   * Delivers reports, in their order, when their turns have come. Resolves when each of them has ended; never rejects.
   *
   * @param isDue Asked when a turn has come: false, and it ends as `stopped`.
   * @param onEnd Called when a report has ended.
   */
  deliverAll(
    dlrs: readonly Dlr[],
    isDue: () => boolean,
    onEnd: (dlr: Dlr, result: ReportDelivery) => void,
  ): Promise<void> {
    return new Promise((resolve) => {
      let open = dlrs.length;
      if (open === 0) return resolve();
      const end: Turn['end'] = (dlr, result) => {
        onEnd(dlr, result);
        open -= 1;
        if (open === 0) resolve();
      };
      if (this.#mode !== 'open') return dlrs.forEach((dlr) => end(dlr, { kind: 'stopped' }));
      for (const dlr of dlrs) this.#line.push({ dlr, isDue, end });
      this.#waiting += dlrs.length;
      this.#fill();
    });
  }

  /** Delivers nothing until {@link resume}: what waits for its turn ends as `stopped`. Resolves when no report is with its listener. */
  pause(): Promise<void> {
    if (this.#mode !== 'stopped') this.#mode = 'paused';
    this.#endWaiting();
    return this.#running.size === 0 ? Promise.resolve() : new Promise((resolve) => this.#idle.push(resolve));
  }

  resume(): void {
    if (this.#mode !== 'stopped') this.#mode = 'open';
  }

  /** Stops delivering. A report that is with its listener may take `patienceMs`; then it counts as not handled. */
  stop(patienceMs: number): void {
    this.#mode = 'stopped';
    this.#endWaiting();
    if (this.#running.size === 0) return;
    const timer = setTimeout(() => {
      for (const turn of this.#running) this.#end(turn, { kind: 'stopped' });
    }, patienceMs);
    this.#idle.push(() => clearTimeout(timer));
  }

  #endWaiting(): void {
    this.#waiting = 0;
    const suspects = this.#suspects.splice(0).map(({ turn }) => turn);
    for (const turns of [this.#overdue, ...this.#followers.values(), this.#line, suspects]) {
      for (const { dlr, end } of turns.splice(0)) end(dlr, { kind: 'stopped' });
    }
    // A message whose report has not reached its listener has nothing to wait for any more.
    const running = new Set([...this.#running].map(({ dlr }) => dlr.msgId));
    for (const message of this.#followers.keys()) if (!running.has(message)) this.#followers.delete(message);
  }

  /** Delivers the reports that have their turn, while there are lanes. */
  #fill(): void {
    while (this.#mode === 'open' && this.#running.size < this.width && this.#stretch < AT_A_STRETCH) {
      const turn = this.#next();
      if (turn === undefined) return;
      if (this.#stretch === 0) setImmediate(() => this.#goOn());
      this.#stretch += 1;
      this.#waiting -= 1;
      this.#running.add(turn);
      void this.#publish(turn);
    }
  }

  #next(): Turn | undefined {
    if (this.#alone) return undefined;
    const [suspect] = this.#suspects;
    const isOverdue = suspect !== undefined && performance.now() - suspect.since > SUSPECT_WAITS_MS;
    const turn = isOverdue ? undefined : (this.#overdue.shift() ?? this.#nextInLine());
    // Its lane is empty once all that run have ended.
    if (turn !== undefined || suspect === undefined || this.#running.size > 0) return turn;
    this.#suspects.shift();
    return this.#goAlone(suspect.turn);
  }

  #goAlone(turn: Turn): Turn {
    const { msgId } = turn.dlr;
    this.#alone = turn;
    if (msgId !== undefined && !this.#followers.has(msgId)) this.#followers.set(msgId, []);
    // One that is merely slow does not hold up the others.
    this.#aloneTimer = setTimeout(() => this.#endAlone(), ALONE_MS);
    return turn;
  }

  #endAlone(): void {
    clearTimeout(this.#aloneTimer);
    this.#alone = undefined;
    this.#fill();
  }

  /** The first whose message has no report before it. The others are kept back for theirs. */
  #nextInLine(): Turn | undefined {
    for (;;) {
      const turn = this.#line.shift();
      const message = turn?.dlr.msgId;
      if (turn === undefined || message === undefined) return turn;
      const followers = this.#followers.get(message);
      if (followers !== undefined) followers.push(turn);
      else {
        this.#followers.set(message, []);
        return turn;
      }
    }
  }

  /** The rest of the process had its turn. */
  #goOn(): void {
    this.#stretch = 0;
    this.#fill();
  }

  async #publish(turn: Turn): Promise<void> {
    let result: ReportDelivery = { kind: 'handled' };
    try {
      const hasBegun = turn.begin === undefined || (await begins(turn.begin));
      if (hasBegun && !this.#isStopped && turn.isDue()) await (turn.deliver?.() ?? this.publish(turn.dlr));
      else result = { kind: 'stopped' };
    } catch (error) {
      // When they were stopped, what the listener needs may be gone already.
      result = this.#isStopped ? { kind: 'stopped' } : { kind: 'failed', error };
    }
    this.#end(turn, result);
  }

  #end(turn: Turn, result: ReportDelivery): void {
    // It was given up before.
    if (!this.#running.delete(turn)) return;
    turn.end(turn.dlr, result);
    if (turn === this.#alone) this.#endAlone();
    if (turn.dlr.msgId !== undefined) this.#letFollow(turn.dlr.msgId);
    if (this.#running.size === 0) for (const resolve of this.#idle.splice(0)) resolve();
    this.#fill();
  }

  #letFollow(message: string): void {
    const next = this.#followers.get(message)?.shift();
    if (next === undefined) this.#followers.delete(message);
    else this.#overdue.push(next);
  }
}

/** False when the store does not take the mark: then no listener may get the report, or its attempt would not count. */
const begins = (begin: () => Promise<void>): Promise<boolean> =>
  begin().then(
    () => true,
    () => false,
  );
