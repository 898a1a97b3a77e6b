import type { EventEmitter2 } from '@nestjs/event-emitter';
import type { Dlr } from '../dto/dlr.js';
import {
  OURSMS_DLR,
  OURSMS_DLR_FAILED,
  OURSMS_DLR_UNREADABLE,
  type DlrFailure,
  type UnreadableDlrs,
} from './dlr-events.js';

/** Tells the application's listeners, and waits for them. */
export class DlrPublisher {
  constructor(private readonly emitter: EventEmitter2) {}

  /** Whether anyone would handle a report now. An event without listeners looks just like a handled one. */
  hasListeners(): boolean {
    return this.emitter.listeners(OURSMS_DLR).length + this.emitter.listenersAny().length > 0;
  }

  /** Resolves when every listener has resolved, rejects when one of them fails. */
  async publish(dlr: Dlr): Promise<void> {
    await this.emitter.emitAsync(OURSMS_DLR, dlr);
  }

  /** Announces a report that is given up. What these listeners throw is theirs. */
  async publishFailed(failure: DlrFailure): Promise<void> {
    await this.emitter.emitAsync(OURSMS_DLR_FAILED, failure);
  }

  /** Announces a download that could not be read. Tells whether anyone was there to keep it. */
  async publishUnreadable(unreadable: UnreadableDlrs): Promise<boolean> {
    await this.emitter.emitAsync(OURSMS_DLR_UNREADABLE, unreadable);
    return this.emitter.listeners(OURSMS_DLR_UNREADABLE).length > 0;
  }
}
