import { Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { OurSmsError } from '../errors/oursms.error.js';
import type { GatewayClient } from '../gateway/gateway-client.js';
import { describeThrown } from '../inbox/describe-thrown.js';
import { EventListeners } from '../inbox/event-listeners.js';
import type { OurSmsApplication } from './oursms.application.js';
import type { OurSmsStorage } from './account-storage.js';
import type { ResolvedOptions } from '../options/resolve-options.js';
import { OURSMS_CAMPAIGN_PAUSED, OURSMS_CREDITS_LOW } from '../campaigns/campaign.types.js';
import { CampaignManager } from '../campaigns/campaign-manager.js';
import { ChunkSender } from '../campaigns/run/chunk-sender.js';
import type { Turns } from '../sending/turns.js';

/** What an account's campaigns take from the module. */
export interface CampaigningParts {
  gateway: GatewayClient;
  options: ResolvedOptions;
  turns: Turns;
  storage: OurSmsStorage;
  application: OurSmsApplication;
}

/** Ties an account's campaigns to the application: its store, its events, its start and its end. */
export class OurSmsCampaigning implements OnApplicationBootstrap, OnModuleDestroy {
  readonly manager: CampaignManager;
  readonly #logger = new Logger('OurSmsCampaign');
  readonly #stopping = new AbortController();
  #listeners: EventListeners | undefined;

  constructor(private readonly parts: CampaigningParts) {
    const { gateway, options, turns, storage } = parts;
    const { messages: policy, retry, campaigns } = options;
    this.manager = new CampaignManager({
      account: gateway.accountName,
      policy,
      openEngine: () => storage.engine(),
      sender: new ChunkSender({ gateway, policy, retry }),
      turns: turns.bulk,
      getCredits: async () => (await gateway.getCredits()).credits,
      creditsEveryMs: campaigns.creditsEveryMs,
      announce: {
        paused: (event) => this.#announce(OURSMS_CAMPAIGN_PAUSED, event),
        creditsLow: (event) => this.#announce(OURSMS_CREDITS_LOW, event),
      },
      stopping: this.#stopping.signal,
    });
  }

  async onApplicationBootstrap(): Promise<void> {
    const { EventEmitter2 } = await import('@nestjs/event-emitter');
    // An application without EventEmitterModule hears of nothing, and may have campaigns all the same.
    const emitter = this.parts.application.find(EventEmitter2);
    this.#listeners = emitter && new EventListeners(emitter);
    if (!(await this.parts.storage.exists())) return;
    // Not awaited: an application need not wait for its campaigns.
    this.manager.resumeAll().catch((error: unknown) => {
      const why = error instanceof OurSmsError ? error.message : 'its store cannot be read';
      this.#logger.error(`No campaign of account ${this.parts.gateway.accountName} goes on: ${why}`);
    });
  }

  async onModuleDestroy(): Promise<void> {
    this.#stopping.abort();
    await this.manager.stop();
  }

  #announce(event: string, payload: object): void {
    this.#listeners
      ?.call(event, payload)
      .catch((error: unknown) => this.#logger.error(`A listener of ${event} failed: ${describeThrown(error)}`));
  }
}
