import { join } from 'node:path';
import { Module, type DynamicModule } from '@nestjs/common';
import { GatewayChoice } from '../gateway/gateway-choice.js';
import { CampaignDesk } from './campaign-desk.js';
import { CampaignsController } from './campaigns.controller.js';
import { ListStore } from './list-store.js';
import { ListsController } from './lists.controller.js';

/** Campaigns, and the lists that they are started with. */
@Module({})
export class CampaignsModule {
  /** @param gateway What exports the `GatewayChoice`. */
  static with(gateway: DynamicModule): DynamicModule {
    return {
      module: CampaignsModule,
      imports: [gateway],
      controllers: [ListsController, CampaignsController],
      providers: [
        CampaignDesk,
        {
          provide: ListStore,
          inject: [GatewayChoice],
          useFactory: ({ directory }: GatewayChoice) => new ListStore(join(directory, 'campaign-lists')),
        },
      ],
    };
  }
}
