import { ConfigurableModuleBuilder } from '@nestjs/common';
import { OurSmsApplicationModule } from './oursms.application.js';
import { accountProviders } from './account-providers.js';
import { RAW_OPTIONS } from './internal-tokens.js';
import type { OurSmsModuleOptions } from '../options/oursms.options.js';
import { getCampaignsToken, getDlrInboxToken, getMessagesToken, getOurSmsToken } from './oursms.tokens.js';

/** Fields beside the options of `forRoot` and `forRootAsync`. */
export interface OurSmsModuleExtras {
  /** Whether every module of the application can inject the service without importing this module. Default: false. */
  isGlobal?: boolean;
  /** The name of the account, for applications with several: `@InjectOurSms(name)`. Default: the unnamed account. */
  name?: string;
}

export const { ConfigurableModuleClass } = new ConfigurableModuleBuilder<OurSmsModuleOptions>({
  moduleName: 'OurSms',
  optionsInjectionToken: RAW_OPTIONS,
})
  .setClassMethodName('forRoot')
  .setFactoryMethodName('createOurSmsOptions')
  .setExtras<OurSmsModuleExtras>({ isGlobal: false, name: undefined }, (definition, { isGlobal, name }) => ({
    ...definition,
    global: isGlobal,
    imports: [...(definition.imports ?? []), OurSmsApplicationModule],
    providers: [...(definition.providers ?? []), ...accountProviders(name)],
    exports: [getOurSmsToken(name), getDlrInboxToken(name), getCampaignsToken(name), getMessagesToken(name)],
  }))
  .build();
