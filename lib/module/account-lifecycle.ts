import {
  Logger,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type OnModuleDestroy,
  type OnModuleInit,
} from '@nestjs/common';
import { OurSmsError } from '../errors/oursms.error.js';
import { maskNumber } from '../message/mask-number.js';
import { readAccount } from './read-account.js';
import type { Account } from './account.js';
import type { OurSmsApplication } from './oursms.application.js';

/** Nest's hooks of an account, in the order in which Nest calls them. */
export class AccountLifecycle implements OnModuleInit, OnApplicationBootstrap, OnModuleDestroy, OnApplicationShutdown {
  readonly #logger = new Logger('OurSmsModule');

  constructor(
    private readonly account: Account,
    private readonly application: OurSmsApplication,
  ) {}

  /** @throws {OurSmsConfigError} {OurSmsStorageError} The application does not start without its inbox. */
  async onModuleInit(): Promise<void> {
    const { inbox, options } = this.account;
    const { account, divertTo } = options.messages;
    this.application.register(account, this);
    if (divertTo !== undefined) {
      this.#logger.warn(`Every message of account ${account} is diverted to ${maskNumber(divertTo)} (divertTo)`);
    }
    await inbox.open();
  }

  async onApplicationBootstrap(): Promise<void> {
    const { inbox, campaigns, messages, storage, telemetry } = this.account;
    telemetry.observe(() => readAccount(this.account));
    // Not earlier: the application may replace the adapter of axios in its own onModuleInit.
    this.#warnOfBypassedProxy();
    inbox.start();
    if (inbox.opened) messages.start();
    if (!(await storage.exists())) return;
    messages.start();
    // Not awaited: the application need not wait for its campaigns.
    campaigns.resumeAll().catch((error: unknown) => this.#logNotResumed(error));
  }

  /** The first phase of shutdown: listeners and their dependencies may be gone in the next one. */
  async onModuleDestroy(): Promise<void> {
    const { storage, inbox, campaigns, messages } = this.account;
    storage.stopOpening();
    await Promise.all([campaigns.stop(), inbox.stop(), messages.stop()]);
  }

  async onApplicationShutdown(): Promise<void> {
    const { outbox, gateway, messages, options, storage, telemetry } = this.account;
    // First: it reads the store.
    telemetry.close();
    // Before the connections close: sends may still wait for their turn.
    await outbox.close(options.gateway.timeoutMs);
    await messages.close();
    await gateway.close();
    await storage.close();
  }

  #warnOfBypassedProxy(): void {
    const { gateway } = this.account;
    const setting = gateway.bypassedProxy(process.env);
    if (setting === undefined) return;
    this.#logger.warn(
      `Requests of account ${gateway.accountName} go to the gateway directly, although ${setting} is set. To use the proxy, set httpService.axiosRef.defaults.adapter of OurSmsService to 'http'; to go without it, set httpService.axiosRef.defaults.proxy to false or add the gateway to NO_PROXY.`,
    );
  }

  #logNotResumed(error: unknown): void {
    const why = error instanceof OurSmsError ? error.message : 'its store cannot be read';
    new Logger('OurSmsCampaign').error(
      `Campaigns of account ${this.account.gateway.accountName} were not resumed: ${why}`,
    );
  }
}
