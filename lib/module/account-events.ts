import { Logger } from '@nestjs/common';
import { describeThrown } from '../inbox/describe-thrown.js';
import { EventListeners } from '../inbox/event-listeners.js';
import type { OurSmsApplication } from './oursms.application.js';

/** Emits the events that are not delivery reports, and does not wait for their listeners. */
export class AccountEvents {
  readonly #logger = new Logger('OurSmsCampaign');

  constructor(private readonly application: OurSmsApplication) {}

  /** Calls the listeners of an event. An application without `EventEmitterModule` has none. */
  emit(event: string, payload: object): void {
    this.#call(event, payload).catch((error: unknown) =>
      this.#logger.error(`A listener for ${event} failed: ${describeThrown(error)}`),
    );
  }

  async #call(event: string, payload: object): Promise<void> {
    const { EventEmitter2 } = await import('@nestjs/event-emitter');
    const emitter = this.application.find(EventEmitter2);
    if (emitter) await new EventListeners(emitter).call(event, payload);
  }
}
