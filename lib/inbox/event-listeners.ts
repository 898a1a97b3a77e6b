import { Logger } from '@nestjs/common';
import type { EventEmitter2 } from '@nestjs/event-emitter';
import { describeThrown } from './describe-thrown.js';

type Listener = ReturnType<EventEmitter2['listeners']>[number];

/** A name that no application uses: only patterns of nothing but wildcards match an event of it. */
const NO_NAME = 'oursms-matches-only-wildcards';

/**
 * Calls the listeners of an application's emitter.
 *
 * Not by its `emitAsync`: that rejects when the first listener fails, while others still run, and does not call those behind
 * one that throws where it stands. Listeners of all events (`onAny`, or a pattern of wildcards alone such as `**`) are
 * loggers: they are called, and that is all.
 */
export class EventListeners {
  readonly #logger = new Logger('OurSmsEvents');
  /** Of each event, one of as many parts that has no listener of its own. */
  readonly #others = new Map<string, string>();

  constructor(private readonly emitter: EventEmitter2) {}

  /** Whether an event has a listener that is no logger. */
  has(event: string): boolean {
    return this.emitter.listeners(event).length > this.#ofAllEvents(event).length;
  }

  /** Calls every listener. Resolves when all of them have settled; rejects then, when one has failed. */
  async call(event: string, payload: unknown): Promise<void> {
    const { emitter } = this;
    // As `emitAsync` does; its types leave it out.
    (emitter as { event?: unknown }).event = event;
    const loggers = this.#ofAllEvents(event);
    for (const logger of emitter.listenersAny().slice()) this.#log(event, () => logger.call(emitter, event, payload));
    const running: Promise<unknown>[] = [];
    for (const listener of [...emitter.listeners(event)]) {
      const at = loggers.indexOf(listener);
      if (at >= 0) {
        loggers.splice(at, 1);
        this.#log(event, () => listener.call(emitter, payload));
      } else running.push(started(() => listener.call(emitter, payload)));
    }
    if (running.length === 1) return void (await running[0]);
    const failed = (await Promise.allSettled(running)).find((result) => result.status === 'rejected');
    if (failed) throw failed.reason;
  }

  #ofAllEvents(event: string): Listener[] {
    let other = this.#others.get(event);
    if (other === undefined) this.#others.set(event, (other = event.replace(/[^.]+/g, NO_NAME)));
    return [...this.emitter.listeners(other)];
  }

  /** Errors of a logger do not count. */
  #log(event: string, call: () => unknown): void {
    started(call).catch((error: unknown) =>
      this.#logger.error(`A listener for all events failed on ${event}: ${describeThrown(error)}`),
    );
  }
}

/** A listener may throw where it stands. */
const started = async (call: () => unknown): Promise<unknown> => call();
