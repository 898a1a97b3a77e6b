import { randomFrom } from './seeded-random.js';

/** @inline */
type NoOptions = Record<never, never>;

/** The faults that can be played on a push, each with its parameters. Unless it says otherwise, the reports come whole later. */
export interface PushFaultParameters {
  /** Taken by the application, and pushed again all the same. */
  repeat: NoOptions;
  /** The reports in reverse order, and after those that became due meanwhile. */
  disorder: NoOptions;
  /** The connection is closed as soon as the request is out: the answer is not read. */
  noAnswer: NoOptions;
  /** Half of the body comes, then the connection is closed. */
  cut: NoOptions;
  /** Another body first, by default one that is no JSON. Whatever the answer, the reports follow. */
  garbage: { body?: string | Uint8Array };
}

/** The name of a fault of a push. */
export type PushFaultKind = keyof PushFaultParameters;

/** A fault of a push with its parameters. */
export type PushFault = { [Kind in PushFaultKind]: { kind: Kind } & PushFaultParameters[Kind] }[PushFaultKind];

interface Rule {
  fault: PushFault;
  fires: () => boolean;
  /** Pushes left; Infinity for a rule that stays. */
  left: number;
}

/** The faults that a simulator will play on its pushes: at most one each, in the order of asking. */
export class PushFaultPlan {
  #rules: Rule[] = [];

  /**
   * Plays a fault on the next pushes.
   *
   * @param options The fault's parameters, and `times`: a whole number of 1 or more (default 1).
   * @throws RangeError for other `times`
   */
  next<Kind extends PushFaultKind>(kind: Kind, options: PushFaultParameters[Kind] & { times?: number } = {}): void {
    const { times = 1, ...parameters } = options;
    if (!(Number.isInteger(times) && times >= 1)) {
      throw new RangeError('pushFaults.next: times must be a whole number of 1 or more');
    }
    this.#rules.push({ fault: { ...parameters, kind }, fires: () => true, left: times });
  }

  /**
   * Plays a fault on each push with a probability, until {@link clear}. The same seed gives the same run.
   *
   * @param probability 0 (never) to 1 (always).
   * @param options The fault's parameters, and `seed` (a whole number, default 1).
   * @throws RangeError for a probability outside 0 to 1
   */
  chance<Kind extends PushFaultKind>(
    kind: Kind,
    probability: number,
    options: PushFaultParameters[Kind] & { seed?: number } = {},
  ): void {
    const { seed = 1, ...parameters } = options;
    if (!(probability >= 0 && probability <= 1)) {
      throw new RangeError('pushFaults.chance: the probability must be from 0 to 1');
    }
    const random = randomFrom(seed);
    const fires = (): boolean => random() < probability;
    this.#rules.push({ fault: { ...parameters, kind }, fires, left: Infinity });
  }

  /** Forgets all faults that were asked for. */
  clear(): void {
    this.#rules = [];
  }

  /** The fault of the next push. Counts it as played. @internal */
  take(): PushFault | undefined {
    const rule = this.#rules.find(({ fires }) => fires());
    if (rule === undefined) return undefined;
    rule.left -= 1;
    if (rule.left === 0) this.#rules = this.#rules.filter((other) => other !== rule);
    return rule.fault;
  }
}
