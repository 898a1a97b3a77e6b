import { Logger, type OnApplicationBootstrap, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import { OurSmsConfigError } from './errors/oursms-config.error.js';
import type { GatewayClient } from './gateway/gateway-client.js';
import { maskNumber } from './message/mask-number.js';
import { ACCOUNT } from './oursms.internal-tokens.js';
import { DEFAULT_ACCOUNT } from './oursms.tokens.js';
import type { ResolvedOptions } from './oursms.resolve-options.js';
import type { Outbox } from './outbox/outbox.js';

/** What an account checks and says when the application starts, and closes when it ends. */
export class OurSmsLifecycle implements OnModuleInit, OnApplicationBootstrap, OnApplicationShutdown {
  readonly #logger = new Logger('OurSmsModule');

  constructor(
    private readonly gateway: GatewayClient,
    private readonly options: Pick<ResolvedOptions, 'gateway' | 'messages'>,
    private readonly outbox: Outbox,
    private readonly modules: ModulesContainer,
  ) {}

  onModuleInit(): void {
    this.#refuseTwins();
    const { account, divertTo } = this.options.messages;
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

  /** Two registrations of one account would be two pollers, two pools, and a service found by chance. */
  #refuseTwins(): void {
    const accounts = [...this.modules.values()].map((module) => module.providers.get(ACCOUNT)?.instance);
    const { account } = this.options.messages;
    if (accounts.filter((other) => other === account).length < 2) return;
    const which = account === DEFAULT_ACCOUNT ? 'without a name' : `with the name ${account}`;
    throw new OurSmsConfigError(
      `OurSmsModule is registered twice ${which}: register it once (isGlobal: true shares it), or give each account a name of its own.`,
    );
  }
}
