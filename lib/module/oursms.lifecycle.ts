import { Logger, type OnApplicationBootstrap, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type { GatewayClient } from '../gateway/gateway-client.js';
import { maskNumber } from '../message/mask-number.js';
import type { OurSmsApplication } from './oursms.application.js';
import type { ResolvedOptions } from '../options/resolve-options.js';
import type { Outbox } from '../sending/outbox.js';

/** What an account checks and says when the application starts, and closes when it ends. */
export class OurSmsLifecycle implements OnModuleInit, OnApplicationBootstrap, OnApplicationShutdown {
  readonly #logger = new Logger('OurSmsModule');

  constructor(
    private readonly gateway: GatewayClient,
    private readonly options: Pick<ResolvedOptions, 'gateway' | 'messages'>,
    private readonly outbox: Outbox,
    private readonly application: OurSmsApplication,
  ) {}

  onModuleInit(): void {
    const { account, divertTo } = this.options.messages;
    this.application.register(account, this);
    if (divertTo === undefined) return;
    this.#logger.warn(`Every message of account ${account} is diverted to ${maskNumber(divertTo)} (divertTo)`);
  }

  /** In this phase: the application may give the account another adapter in its own `onModuleInit`. */
  onApplicationBootstrap(): void {
    const setting = this.gateway.bypassedProxy(process.env);
    if (setting === undefined) return;
    const { account } = this.options.messages;
    this.#logger.warn(
      `Requests of account ${account} go to the gateway directly, although ${setting} is set. To use the proxy, set httpService.axiosRef.defaults.adapter of OurSmsService to 'http'; to go without it, set httpService.axiosRef.defaults.proxy to false or add the gateway to NO_PROXY.`,
    );
  }

  async onApplicationShutdown(): Promise<void> {
    // First: the sends that wait for their turn would find the connections closed.
    await this.outbox.close(this.options.gateway.timeoutMs);
    await this.gateway.close();
  }
}
