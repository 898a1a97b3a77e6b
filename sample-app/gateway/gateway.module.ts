import { Module, type DynamicModule } from '@nestjs/common';
import { Settings } from '../settings.js';
import { chooseGateway, GatewayChoice } from './gateway-choice.js';

/** Knows which gateway is used, and runs the simulated one. */
@Module({})
export class GatewayModule {
  /** @param settings Without credentials in them, the gateway is simulated. */
  static with(settings: Settings): DynamicModule {
    return {
      module: GatewayModule,
      providers: [
        { provide: Settings, useValue: settings },
        { provide: GatewayChoice, useFactory: chooseGateway, inject: [Settings] },
      ],
      exports: [Settings, GatewayChoice],
    };
  }
}
