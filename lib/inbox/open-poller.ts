import type { EventEmitter2 } from '@nestjs/event-emitter';
import type { SchedulerRegistry } from '@nestjs/schedule';
import type { GatewayClient } from '../gateway/gateway-client.js';
import { DlrIntake } from './dlr-intake.js';
import { DlrPoller } from './dlr-poller.js';
import { DlrPublisher } from './dlr-publisher.js';
import { pollRhythm } from './poll-rhythm.js';
import { PollTimer } from './poll-timer.js';

/** What an account's poller is made from. */
export interface PollerSetup {
  gateway: GatewayClient;
  emitter: EventEmitter2;
  registry: SchedulerRegistry;
  /** The name of its job in the registry. */
  name: string;
  poll: { everyMs?: number; cron?: string; count: number };
  maxAttempts: number;
}

/** Puts an account's poller together. @throws {OurSmsConfigError} for a cron expression that cannot be read */
export async function openPoller(setup: PollerSetup): Promise<DlrPoller> {
  const { gateway, emitter, registry, name, poll, maxAttempts } = setup;
  const publisher = new DlrPublisher(emitter);
  return new DlrPoller({
    gateway,
    publisher,
    intake: new DlrIntake(publisher, maxAttempts),
    timer: new PollTimer(registry, name),
    count: poll.count,
    nextDelayMs: await pollRhythm(poll),
  });
}
