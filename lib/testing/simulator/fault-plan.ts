import type { Fault, FaultKind, FaultParameters } from './fault-kinds.js';
import { randomFrom } from './seeded-random.js';
import type { SimulatorCall } from './simulator.records.js';

/** The requests that a fault applies to. */
export interface FaultTarget {
  /** One call of the API. Default: any. */
  on?: SimulatorCall;
}

type Arguments<Kind extends FaultKind, Options> =
  Record<never, never> extends FaultParameters[Kind]
    ? [options?: Options & FaultParameters[Kind]]
    : [options: Options & FaultParameters[Kind]];

interface Rule {
  fault: Fault;
  on?: SimulatorCall;
  /** Decides whether the fault applies to a matching request. */
  fires: () => boolean;
  /** Requests that the fault still applies to; undefined for a rule of {@link FaultPlan.chance}. */
  left?: number;
}

/**
 * The faults that a simulator will inject. One request gets at most one fault and one `latency`. Faults of {@link next} go before
 * those of {@link chance}, each in the order of the calls.
 *
 * To refuse connections, use `GatewaySimulator.refuseConnections`.
 */
export class FaultPlan {
  #next: Rule[] = [];
  #chances: Rule[] = [];

  /** Number of requests that the faults of {@link next} still apply to. */
  get pending(): number {
    return this.#next.reduce((sum, { left = 0 }) => sum + left, 0);
  }

  /**
   * Injects a fault into the next requests that match.
   *
   * @param args The fault's parameters, `times` (default 1; Infinity for all from now on) and `on`, in one object.
   * @throws RangeError for `times` other than a whole number of 1 or more.
   */
  next<Kind extends FaultKind>(kind: Kind, ...args: Arguments<Kind, FaultTarget & { times?: number }>): void {
    const { times = 1, on, ...parameters } = (args[0] ?? {}) as FaultTarget & { times?: number };
    if (times !== Infinity && !(Number.isInteger(times) && times >= 1)) {
      throw new RangeError('faults.next: times must be a whole number of 1 or more');
    }
    this.#next.push({ ...ruleOf(kind, parameters, on), fires: () => true, left: times });
  }

  /**
   * Injects a fault into each matching request with a probability, until {@link clear}. The same seed gives the same sequence.
   *
   * @param probability 0 (never) to 1 (always).
   * @param args The fault's parameters, `seed` (a whole number, default 1) and `on`, in one object.
   * @throws RangeError for a probability outside 0 to 1.
   */
  chance<Kind extends FaultKind>(
    kind: Kind,
    probability: number,
    ...args: Arguments<Kind, FaultTarget & { seed?: number }>
  ): void {
    const { seed = 1, on, ...parameters } = (args[0] ?? {}) as FaultTarget & { seed?: number };
    if (!(probability >= 0 && probability <= 1)) {
      throw new RangeError('faults.chance: the probability must be from 0 to 1');
    }
    const random = randomFrom(seed);
    this.#chances.push({ ...ruleOf(kind, parameters, on), fires: () => random() < probability });
  }

  /** Removes all planned faults. A fault that has started continues to its end. */
  clear(): void {
    this.#next = [];
    this.#chances = [];
  }

  /** Takes the faults of one request of this call. @internal */
  take(call: SimulatorCall): { fault?: Fault; latencyMs: number } {
    const latency = this.#pick(call, true);
    return { fault: this.#pick(call, false), latencyMs: latency?.kind === 'latency' ? latency.ms : 0 };
  }

  #pick(call: SimulatorCall, isLatency: boolean): Fault | undefined {
    const matches = ({ fault, on }: Rule): boolean =>
      (on === undefined || on === call) && (fault.kind === 'latency') === isLatency;
    const rule = this.#next.find(matches) ?? this.#chances.find((chance) => matches(chance) && chance.fires());
    if (rule?.left !== undefined) {
      rule.left -= 1;
      if (rule.left === 0) this.#next = this.#next.filter((other) => other !== rule);
    }
    return rule?.fault;
  }
}

function ruleOf(kind: FaultKind, parameters: object, on?: SimulatorCall): Pick<Rule, 'fault' | 'on'> {
  return { fault: { ...parameters, kind } as Fault, on: kind === 'envelope' ? 'dlrs' : on };
}
