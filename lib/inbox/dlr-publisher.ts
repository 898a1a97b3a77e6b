import { Logger } from '@nestjs/common';
import type { EventEmitter2 } from '@nestjs/event-emitter';
import type { Dlr } from '../dto/dlr.js';
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
import { within } from './within.js';

/** Tells the application's listeners, and waits for them: no longer than their deadline. */
export class DlrPublisher {
  readonly #logger = new Logger('OurSmsDlrPublisher');

  constructor(
    private readonly emitter: EventEmitter2,
    private readonly listenerTimeoutMs: number,
  ) {}

  /** Whether anyone would handle a report now. An event without listeners looks just like a handled one. */
  hasListeners(): boolean {
    return this.#isHeard(OURSMS_DLR);
  }

  /** Resolves when every listener has resolved, rejects when one of them fails or takes too long. */
  async publish(dlr: Dlr): Promise<void> {
    if (!this.hasListeners()) throw new Error('nobody listens to oursms.dlr');
    await within(this.listenerTimeoutMs, this.emitter.emitAsync(OURSMS_DLR, dlr));
  }

  /** Announces a report that is given up. */
  failed(failure: DlrFailure): Promise<boolean> {
    return this.#announce(OURSMS_DLR_FAILED, failure);
  }

  /** Announces a download that could not be read. */
  unreadable(unreadable: UnreadableDlrs): Promise<boolean> {
    return this.#announce(OURSMS_DLR_UNREADABLE, unreadable);
  }

  /** Announces reports that may be lost. */
  gap(gap: DlrGap): Promise<boolean> {
    return this.#announce(OURSMS_DLR_GAP, gap);
  }

  /** What these listeners throw is theirs. Resolves to whether there were any. */
  async #announce(event: string, payload: object): Promise<boolean> {
    if (!this.#isHeard(event)) return false;
    try {
      await within(this.listenerTimeoutMs, this.emitter.emitAsync(event, payload));
    } catch (error) {
      this.#logger.error(`A listener of ${event} failed: ${describeThrown(error)}`);
    }
    return true;
  }

  #isHeard(event: string): boolean {
    return this.emitter.listeners(event).length + this.emitter.listenersAny().length > 0;
  }
}
