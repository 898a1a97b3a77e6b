import { Logger } from '@nestjs/common';
import type { EventEmitter2 } from '@nestjs/event-emitter';
import { describeThrown } from './describe-thrown.js';

type Listener = ReturnType<EventEmitter2['listeners']>[number];

/** A name that no application uses: only patterns of wildcards alone match an event made of it. */
const NO_NAME = 'oursms-matches-only-wildcards';

/**
 * Calls the listeners of an application's emitter.
 *
 * `emitAsync` would not do: it rejects when the first listener fails, while others still run, and it skips the listeners after
 * one that throws synchronously. Listeners of all events (`onAny`, or a pattern of wildcards alone such as `**`) count as
 * loggers: they are called, but not awaited.
 */
export class EventListeners {
  readonly #logger = new Logger('OurSmsEvents');
  /** For each event, another one with as many parts, which only loggers listen to. */
  readonly #probes = new Map<string, string>();

  constructor(private readonly emitter: EventEmitter2) {}

  /** Whether an event has a listener that is not a logger. */
  has(event: string): boolean {
    return this.emitter.listeners(event).length > this.#loggersOf(event).length;
  }

  /** Calls every listener. Settles when all of them have settled; rejects if one of them has failed. */
  async call(event: string, payload: unknown): Promise<void> {
    const { emitter } = this;
    // `emitAsync` sets this as well; the types lack it.
    (emitter as { event?: unknown }).event = event;
    const listeners = emitter.listeners(event);
    const all = emitter.listenersAny();
    const loggers = this.#loggersOf(event);
    const [first] = listeners;
    // The usual case, without lists and promises that it does not need.
    if (first !== undefined && listeners.length + all.length + loggers.length === 1) {
      const result: unknown = first.call(emitter, payload);
      return void (await result);
    }
    const running = this.#start(event, payload, [...listeners], [...loggers], [...all]);
    const failed = (await Promise.allSettled(running)).find((result) => result.status === 'rejected');
    if (failed) throw failed.reason;
  }

  /** @param listeners A copy, as the other lists are: a listener may remove itself. */
  #start(
    event: string,
    payload: unknown,
    listeners: Listener[],
    loggers: Listener[],
    all: Listener[],
  ): Promise<unknown>[] {
    const { emitter } = this;
    for (const logger of all) this.#log(event, () => logger.call(emitter, event, payload));
    const running: Promise<unknown>[] = [];
    for (const listener of listeners) {
      const at = loggers.indexOf(listener);
      if (at >= 0) {
        loggers.splice(at, 1);
        this.#log(event, () => listener.call(emitter, payload));
      } else running.push(started(() => listener.call(emitter, payload)));
    }
    return running;
  }

  #loggersOf(event: string): readonly Listener[] {
    let probe = this.#probes.get(event);
    if (probe === undefined) this.#probes.set(event, (probe = event.replace(/[^.]+/g, NO_NAME)));
    return this.emitter.listeners(probe);
  }

  /** Calls a logger. Its errors are only logged. */
  #log(event: string, call: () => unknown): void {
    started(call).catch((error: unknown) =>
      this.#logger.error(`A listener for all events failed on ${event}: ${describeThrown(error)}`),
    );
  }
}

/** Turns a synchronous throw of a listener into a rejection. */
const started = async (call: () => unknown): Promise<unknown> => call();
