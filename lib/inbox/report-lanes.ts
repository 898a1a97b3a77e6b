import type { Dlr } from '../dto/dlr.js';

/** Reports that are handed over at a stretch: listeners that never wait must not keep the rest of the process waiting. */
const AT_A_STRETCH = 16;

/** What became of a report. `stopped`: the lanes were, before it was handled. */
export type HandOver = { kind: 'handled' } | { kind: 'failed'; error: unknown } | { kind: 'stopped' };

/** A report that waits for its turn, or is with its listeners. There can be thousands: no more than this is made before. */
interface Turn {
  dlr: Dlr;
  isDue: () => boolean;
  end: (dlr: Dlr, result: HandOver) => void;
}

/**
 * How many reports are with their listeners at a time. Whose turn comes first is handed over first; reports of one message
 * follow one another, so that no later status overtakes an earlier one.
 */
export class ReportLanes {
  readonly #line: Turn[] = [];
  /** The messages that have a report with its listeners, and what is kept back until it is handled. */
  readonly #followers = new Map<string, Turn[]>();
  /** What need not be kept back any more: its turn came before that of the line. */
  readonly #overdue: Turn[] = [];
  readonly #running = new Set<Turn>();
  readonly #idle: (() => void)[] = [];
  #waiting = 0;
  #stretch = 0;
  #paused = false;
  #givesBack = false;
  #stopped = false;

  /** @param publish Hands a report to its listeners; rejects when one of them fails. */
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

  /** Hands a report over when its turn has come. Never rejects. */
  handOver(dlr: Dlr, isDue: () => boolean): Promise<HandOver> {
    return new Promise((resolve) => void this.handOverAll([dlr], isDue, (_, result) => resolve(result)));
  }

  /**
   * Hands reports over, in their order, when their turns have come. Resolves when each of them has ended; never rejects.
   *
   * @param isDue Asked when a turn has come: false, and it ends as `stopped`.
   * @param onEnd Called when a report has ended.
   */
  handOverAll(dlrs: readonly Dlr[], isDue: () => boolean, onEnd: (dlr: Dlr, result: HandOver) => void): Promise<void> {
    return new Promise((resolve) => {
      let open = dlrs.length;
      if (open === 0) return resolve();
      const end: Turn['end'] = (dlr, result) => {
        onEnd(dlr, result);
        open -= 1;
        if (open === 0) resolve();
      };
      if (this.#stopped || this.#givesBack) return dlrs.forEach((dlr) => end(dlr, { kind: 'stopped' }));
      for (const dlr of dlrs) this.#line.push({ dlr, isDue, end });
      this.#waiting += dlrs.length;
      this.#fill();
    });
  }

  /**
   * Hands nothing over until {@link resume}. Resolves when no report is with its listener.
   *
   * @param options.giveBack What waits for its turn, or comes meanwhile, ends as `stopped`: it is for another process.
   */
  pause({ giveBack = false } = {}): Promise<void> {
    this.#paused = true;
    this.#givesBack = giveBack;
    if (giveBack) this.#endWaiting();
    return this.#running.size === 0 ? Promise.resolve() : new Promise((resolve) => this.#idle.push(resolve));
  }

  resume(): void {
    this.#paused = this.#givesBack = false;
    this.#fill();
  }

  /** Hands nothing over any more. What is with its listener may take so long; then it counts as not handled. */
  stop(patienceMs: number): void {
    this.#stopped = true;
    this.#endWaiting();
    if (this.#running.size === 0) return;
    const timer = setTimeout(() => {
      for (const turn of this.#running) this.#end(turn, { kind: 'stopped' });
    }, patienceMs);
    this.#idle.push(() => clearTimeout(timer));
  }

  #endWaiting(): void {
    this.#waiting = 0;
    for (const turns of [this.#overdue, ...this.#followers.values(), this.#line]) {
      for (const { dlr, end } of turns.splice(0)) end(dlr, { kind: 'stopped' });
    }
  }

  /** Hands over what has its turn, while there are lanes. */
  #fill(): void {
    while (!this.#paused && !this.#stopped && this.#running.size < this.width && this.#stretch < AT_A_STRETCH) {
      const turn = this.#overdue.shift() ?? this.#nextInLine();
      if (turn === undefined) return;
      if (this.#stretch === 0) setImmediate(() => this.#goOn());
      this.#stretch += 1;
      this.#waiting -= 1;
      this.#running.add(turn);
      void this.#publish(turn);
    }
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
    let result: HandOver = { kind: 'handled' };
    try {
      if (turn.isDue()) await this.publish(turn.dlr);
      else result = { kind: 'stopped' };
    } catch (error) {
      // When they were stopped, what the listener needs may be gone already.
      result = this.#stopped ? { kind: 'stopped' } : { kind: 'failed', error };
    }
    this.#end(turn, result);
  }

  #end(turn: Turn, result: HandOver): void {
    // It was given up before.
    if (!this.#running.delete(turn)) return;
    turn.end(turn.dlr, result);
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
