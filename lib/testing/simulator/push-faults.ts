import { randomFrom } from './seeded-random.js';

/** @inline */
type NoOptions = Record<never, never>;

/** The faults that the simulator can inject into a push, each with its parameters. In the end, all reports are pushed whole. */
export interface PushFaultParameters {
  /** The simulator repeats a push that the application has accepted. */
  repeat: NoOptions;
  /** The reports come in reverse order, after reports that become due meanwhile. */
  disorder: NoOptions;
  /** The simulator closes the connection after the request: it does not read the answer. */
  noAnswer: NoOptions;
  /** The simulator sends half of the body, then closes the connection. */
  cut: NoOptions;
  /** The simulator pushes `body` first (default: text that is not JSON), then the reports, whatever the answer. */
  garbage: { body?: string | Uint8Array };
}

/** The name of a fault of a push. */
export type PushFaultKind = keyof PushFaultParameters;

/** A fault of a push with its parameters. */
export type PushFault = { [Kind in PushFaultKind]: { kind: Kind } & PushFaultParameters[Kind] }[PushFaultKind];

interface Rule {
  fault: PushFault;
  fires: () => boolean;
  /** Pushes that the fault still applies to; Infinity for a rule of {@link PushFaultPlan.chance}. */
  left: number;
}

/** The faults that a simulator will inject into its pushes: at most one for each push, in the order of the calls. */
export class PushFaultPlan {
  #rules: Rule[] = [];

  /**
   * Injects a fault into the next pushes.
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
   * Injects a fault into each push with a probability, until {@link clear}. The same seed gives the same sequence.
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

  /** Removes all planned faults. */
  clear(): void {
    this.#rules = [];
  }

  /** Takes the fault of the next push. @internal */
  take(): PushFault | undefined {
    const rule = this.#rules.find(({ fires }) => fires());
    if (rule === undefined) return undefined;
    rule.left -= 1;
    if (rule.left === 0) this.#rules = this.#rules.filter((other) => other !== rule);
    return rule.fault;
  }
}
