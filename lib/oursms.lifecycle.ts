import { Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import { OurSmsConfigError } from './errors/oursms-config.error.js';
import type { GatewayClient } from './gateway/gateway-client.js';
import { maskNumber } from './message/mask-number.js';
import { ACCOUNT } from './oursms.internal-tokens.js';
import { DEFAULT_ACCOUNT } from './oursms.tokens.js';
import type { MessagePolicy } from './outbox/prepare-message.js';

/** What an account checks and says when the application starts, and closes when it ends. */
export class OurSmsLifecycle implements OnModuleInit, OnApplicationShutdown {
  readonly #logger = new Logger('OurSmsModule');

  constructor(
    private readonly gateway: GatewayClient,
    private readonly messages: MessagePolicy,
    private readonly modules: ModulesContainer,
  ) {}

  onModuleInit(): void {
    this.#refuseTwins();
    const { divertTo } = this.messages;
    if (divertTo === undefined) return;
    this.#logger.warn(
      `Every message of account ${this.messages.account} is diverted to ${maskNumber(divertTo)} (divertTo)`,
    );
  }

  async onApplicationShutdown(): Promise<void> {
    await this.gateway.close();
  }

  /** Two registrations of one account would be two pollers, two pools, and a service found by chance. */
  #refuseTwins(): void {
    const accounts = [...this.modules.values()].map((module) => module.providers.get(ACCOUNT)?.instance);
    if (accounts.filter((account) => account === this.messages.account).length < 2) return;
    const which =
      this.messages.account === DEFAULT_ACCOUNT ? 'without a name' : `with the name ${this.messages.account}`;
    throw new OurSmsConfigError(
      `OurSmsModule is registered twice ${which}: register it once (isGlobal: true shares it), or give each account a name of its own.`,
    );
  }
}
