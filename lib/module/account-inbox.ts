import { Logger, type InjectionToken } from '@nestjs/common';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { OurSmsConfigError } from '../errors/oursms-config.error.js';
import type { GatewayClient } from '../gateway/gateway-client.js';
import { OURSMS_DLR } from '../inbox/dlr-events.js';
import { DlrPublisher } from '../inbox/dlr-publisher.js';
import type { PollingOptions } from '../inbox/dlr-poller.js';
import { pollSchedule } from '../inbox/poll-schedule.js';
import { PollTimer } from '../inbox/poll-timer.js';
import { RunningInbox } from '../inbox/running-inbox.js';
import type { ReportMatching } from '../inbox/report-matching.js';
import type { OurSmsApplication } from './oursms.application.js';
import type { AccountStorage } from './account-storage.js';
import type { ResolvedOptions } from '../options/resolve-options.js';
import type { Telemetry } from '../telemetry/telemetry.js';
import { DEFAULT_ACCOUNT } from './internal-tokens.js';

/** Connects the inbox of an account to the application: its scheduler, its event emitter and its store. */
export class AccountInbox {
  #inbox: RunningInbox | undefined;
  #listenersReady: Promise<void> = Promise.resolve();

  constructor(
    private readonly gateway: GatewayClient,
    private readonly options: ResolvedOptions,
    private readonly storage: AccountStorage,
    private readonly application: OurSmsApplication,
    private readonly matching: ReportMatching,
    private readonly telemetry: Telemetry,
  ) {}

  /** The inbox; undefined when the account neither polls nor has a webhook, or the application has not started. */
  get opened(): RunningInbox | undefined {
    return this.#inbox;
  }

  /** @throws {OurSmsConfigError} when the account neither polls nor has a webhook, or the application has not started */
  get running(): RunningInbox {
    if (this.#inbox) return this.#inbox;
    const why =
      !this.options.dlr.poll && !this.options.dlr.webhook
        ? 'it needs dlr.poll or dlr.webhook in the options'
        : 'it can be used once the application has started (app.init() or app.listen())';
    throw new OurSmsConfigError(`DlrInbox (account ${this.options.gateway.name}): ${why}.`);
  }

  /**
   * Opens the inbox of an account that polls, or has a webhook.
   *
   * @throws {OurSmsConfigError} when the application lacks a module that it needs
   * @throws {OurSmsStorageError} when the store cannot be opened or read
   */
  async open(): Promise<void> {
    const { gateway } = this.options;
    const { poll, webhook, ...dlr } = this.options.dlr;
    if (!poll && !webhook) return;
    const polling = poll ? await this.#pollingOf(poll) : undefined;
    // Only accounts that receive reports need it.
    const { EventEmitter2, EventEmitterReadinessWatcher } = await import('@nestjs/event-emitter');
    const emitter = this.#find(EventEmitter2, 'EventEmitterModule', '@nestjs/event-emitter');
    const watcher = this.#find(EventEmitterReadinessWatcher, 'EventEmitterModule', '@nestjs/event-emitter');
    this.#listenersReady = watcher.waitUntilReady();
    const engine = await this.storage.engine();
    const publisher = new DlrPublisher(emitter, dlr.listenerTimeoutMs, this.telemetry);
    const inbox = new RunningInbox(engine, this.gateway, publisher, this.matching, this.telemetry, {
      ...dlr,
      polling,
      takesPushes: Boolean(webhook),
      maxResponseBytes: gateway.maxResponseBytes,
      requestTimeoutMs: gateway.timeoutMs,
    });
    await inbox.open();
    this.#inbox = inbox;
  }

  async #pollingOf(poll: NonNullable<ResolvedOptions['dlr']['poll']>): Promise<PollingOptions> {
    const { name } = this.options.gateway;
    const { SchedulerRegistry } = await import('@nestjs/schedule');
    const registry = this.#find(SchedulerRegistry, 'ScheduleModule', '@nestjs/schedule');
    const timer = new PollTimer(registry, name === DEFAULT_ACCOUNT ? OURSMS_DLR : `${OURSMS_DLR}.${name}`);
    return { timer, nextDelayMs: await pollSchedule(poll), count: poll.count };
  }

  /** Starts polling and delivery once the listeners are registered. */
  start(): void {
    if (this.#inbox === undefined) return;
    // Not awaited: the listeners are registered in this same phase, perhaps after this call.
    this.#listenersReady.then(
      () => {
        this.#inbox?.start();
        return this.#warnOfHiding();
      },
      () => undefined,
    );
  }

  async stop(): Promise<void> {
    await this.#inbox?.stop();
  }

  /** An error that @OnEvent hides never reaches the inbox, which settles the report although the method did not handle it. */
  async #warnOfHiding(): Promise<void> {
    const discovery = this.application.find(DiscoveryService);
    if (discovery === undefined || !this.application.isFirstWarning('hiding listeners')) return;
    const { hidingListeners } = await import('../inbox/hiding-listeners.js');
    for (const method of hidingListeners(OURSMS_DLR, discovery, new MetadataScanner())) {
      new Logger('OurSmsModule').warn(
        `${method} listens to ${OURSMS_DLR} with @OnEvent, which hides its errors: a delivery report on which it fails counts as handled and is not redelivered. Use @OnDlr() instead, or add { suppressErrors: true } if this is intended.`,
      );
    }
  }

  #find<T>(token: InjectionToken<T>, module: string, from: string): T {
    const found = this.application.find(token);
    if (found !== undefined) return found;
    const { gateway, dlr } = this.options;
    throw new OurSmsConfigError(
      `OurSmsModule (account ${gateway.name}): ${dlr.poll ? 'dlr.poll' : 'dlr.webhook'} needs ${module}.forRoot() of ${from} in the imports of your application.`,
    );
  }
}
