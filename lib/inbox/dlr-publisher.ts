import { Logger } from '@nestjs/common';
import type { EventEmitter2 } from '@nestjs/event-emitter';
import { SILENT_TELEMETRY } from '../telemetry/silent-telemetry.js';
import type { Telemetry } from '../telemetry/telemetry.js';
import { Deadline } from './deadline.js';
import { describeThrown } from './describe-thrown.js';
import {
  OURSMS_DLR,
  OURSMS_DLR_FAILED,
  OURSMS_DLR_GAP,
  OURSMS_DLR_UNREADABLE,
  type DlrFailure,
  type DlrGap,
  type UnreadableDlrs,
} from './dlr-events.js';
import { EventListeners } from './event-listeners.js';
import { shownDlr, type TracedDlr } from './traced-dlr.js';

/** Reports whose listeners still run after their deadline: beyond this number, the oldest are forgotten. */
const MAX_OVERDUE = 1_000;

/** Calls the application's listeners, and waits until all of them have settled or their deadline has passed. */
export class DlrPublisher {
  readonly #logger = new Logger('OurSmsDlrPublisher');
  readonly #listeners: EventListeners;
  readonly #deadline: Deadline;
  /** Listeners that still run after their deadline, by the id of the report. */
  readonly #overdue = new Map<string, Promise<void>>();

  constructor(
    emitter: EventEmitter2,
    listenerTimeoutMs: number,
    private readonly telemetry: Telemetry = SILENT_TELEMETRY,
  ) {
    this.#listeners = new EventListeners(emitter);
    this.#deadline = new Deadline(listenerTimeoutMs);
  }

  /** Whether a report has a listener. Without this check, a report without listeners would count as handled. */
  hasListeners(): boolean {
    return this.#listeners.has(OURSMS_DLR);
  }

  /**
   * Calls the listeners of a report. Resolves when all of them have resolved. Rejects when one has failed and all have settled, or
   * when the deadline has passed.
   *
   * Listeners that still run since an earlier attempt get the deadline once more. They are not called again if they resolve.
   */
  async publish(dlr: TracedDlr): Promise<void> {
    const { id } = dlr;
    const overdue = this.#overdue.get(id);
    if (overdue && (await this.#endsWell(overdue))) return;
    if (!this.hasListeners()) throw new Error('no listener for oursms.dlr');
    // A copy, since a listener may change it.
    const copy = { ...shownDlr(dlr) };
    // Not in the literal: V8 would make it a slow object of twice the size.
    copy.raw = copyOf(dlr.raw);
    const { traceparent, sentAt } = dlr;
    const sent = sentAt === undefined ? undefined : { traceparent, sentAt: Date.parse(sentAt) };
    const span = this.telemetry.startProcess(dlr, sent);
    const running = span.run(() => this.#listeners.call(OURSMS_DLR, copy));
    try {
      await this.#deadline.within(running);
      span.end();
    } catch (error) {
      span.fail(error);
      this.#addOverdue(id, running);
      throw error;
    }
  }

  /** Announces a report that was given up. */
  failed(failure: DlrFailure): Promise<boolean> {
    return this.#announce(OURSMS_DLR_FAILED, { ...failure, dlr: shownDlr(failure.dlr) });
  }

  /** Announces a download that could not be read. */
  unreadable(unreadable: UnreadableDlrs): Promise<boolean> {
    return this.#announce(OURSMS_DLR_UNREADABLE, unreadable);
  }

  /** Announces reports that may be lost. */
  gap(gap: DlrGap): Promise<boolean> {
    return this.#announce(OURSMS_DLR_GAP, gap);
  }

  /** Calls listeners whose errors are only logged. Resolves to whether there was a listener. */
  async #announce(event: string, payload: object): Promise<boolean> {
    const hasListener = this.#listeners.has(event);
    try {
      await this.#deadline.within(this.#listeners.call(event, payload));
    } catch (error) {
      this.#logger.error(`A listener for ${event} failed: ${describeThrown(error)}`);
    }
    return hasListener;
  }

  async #endsWell(running: Promise<void>): Promise<boolean> {
    try {
      await this.#deadline.within(running);
      return true;
    } catch {
      return false;
    }
  }

  /** Remembers listeners until they have settled. */
  #addOverdue(id: string, running: Promise<void>): void {
    this.#overdue.set(id, running);
    const forget = (): void => {
      if (this.#overdue.get(id) === running) this.#overdue.delete(id);
    };
    running.then(forget, forget);
    for (const oldest of this.#overdue.keys()) {
      if (this.#overdue.size <= MAX_OVERDUE) return;
      this.#overdue.delete(oldest);
    }
  }
}

/** A shallow copy is enough: rows are flat. */
const copyOf = (row: unknown): unknown =>
  typeof row !== 'object' || row === null || Array.isArray(row) ? row : { ...row };
