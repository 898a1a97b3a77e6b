import type {
  BeforeApplicationShutdown,
  InjectionToken,
  OnApplicationBootstrap,
  OnModuleDestroy,
  OnModuleInit,
} from '@nestjs/common';
import type { ModuleRef } from '@nestjs/core';
import { OurSmsConfigError } from './errors/oursms-config.error.js';
import type { GatewayClient } from './gateway/gateway-client.js';
import type { DlrPoller } from './inbox/dlr-poller.js';
import { openPoller } from './inbox/open-poller.js';
import { OURSMS_DLR } from './inbox/dlr-events.js';
import type { ResolvedOptions } from './oursms.resolve-options.js';
import { DEFAULT_ACCOUNT } from './oursms.tokens.js';

/** Ties an account's poller to the application: its scheduler, its event emitter, its start and its end. */
export class OurSmsPolling implements OnModuleInit, OnApplicationBootstrap, OnModuleDestroy, BeforeApplicationShutdown {
  #poller: DlrPoller | undefined;
  #listenersReady: Promise<void> = Promise.resolve();

  constructor(
    private readonly gateway: GatewayClient,
    private readonly options: ResolvedOptions,
    private readonly moduleRef: ModuleRef,
  ) {}

  async onModuleInit(): Promise<void> {
    const { poll, maxAttempts, gateway } = this.options;
    if (poll === undefined) return;
    // Loaded for those who poll.
    const { SchedulerRegistry } = await import('@nestjs/schedule');
    const { EventEmitter2, EventEmitterReadinessWatcher } = await import('@nestjs/event-emitter');
    const registry = this.#find(SchedulerRegistry, 'ScheduleModule', '@nestjs/schedule');
    const emitter = this.#find(EventEmitter2, 'EventEmitterModule', '@nestjs/event-emitter');
    const watcher = this.#find(EventEmitterReadinessWatcher, 'EventEmitterModule', '@nestjs/event-emitter');
    const name = gateway.name === DEFAULT_ACCOUNT ? OURSMS_DLR : `${OURSMS_DLR}.${gateway.name}`;
    this.#listenersReady = watcher.waitUntilReady();
    this.#poller = await openPoller({ gateway: this.gateway, emitter, registry, name, poll, maxAttempts });
  }

  onApplicationBootstrap(): void {
    // Not awaited: the listeners are found in this same phase, perhaps after us.
    this.#listenersReady.then(
      () => this.#poller?.start(),
      () => undefined,
    );
  }

  onModuleDestroy(): void {
    this.#poller?.stop();
  }

  /** Here the listeners still exist; they are removed in the next phase. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.#poller?.drained();
  }

  #find<T>(token: InjectionToken<T>, module: string, from: string): T {
    try {
      return this.moduleRef.get<T>(token, { strict: false });
    } catch {
      throw new OurSmsConfigError(
        `OurSmsModule (account ${this.options.gateway.name}): dlr.poll needs ${module}.forRoot() of ${from} in the imports of your application.`,
      );
    }
  }
}
