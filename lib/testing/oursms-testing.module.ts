import { Module, type DynamicModule } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { accountProviders } from '../module/account-providers.js';
import { ACCOUNT, ACCOUNT_NAME, RAW_OPTIONS } from '../module/internal-tokens.js';
import { OurSmsApplication, OurSmsApplicationModule } from '../module/oursms.application.js';
import type { OurSmsModuleExtras } from '../module/oursms.module-definition.js';
import type { OurSmsModuleOptions } from '../options/oursms.options.js';
import { getCampaignsToken, getDlrInboxToken, getMessagesToken, getOurSmsToken } from '../module/oursms.tokens.js';
import { OurSmsTesting, testOptions } from './oursms-testing.js';

/** Options of `OurSmsTestingModule`: the options of the real module that affect messages, and its extras. */
export interface OurSmsTestingModuleOptions
  extends OurSmsModuleExtras, Pick<OurSmsModuleOptions, 'defaults' | 'divertTo' | 'numbers' | 'quietHours'> {
  /** The balance at the start. Default: 1000. */
  credits?: number;
}

/**
 * Replaces `OurSmsModule` in a unit test: the same service with a gateway in memory. Get {@link OurSmsTesting} from the
 * testing module to see what was sent, to emit reports and to make calls fail.
 *
 * @example
 * const module = await Test.createTestingModule({
 *   imports: [OurSmsTestingModule.forRoot()],
 *   providers: [LoginService],
 * }).compile();
 * await module.get(LoginService).sendCode('0501234567');
 * expect(module.get(OurSmsTesting).sent).toHaveLength(1);
 * await module.close();
 */
@Module({})
export class OurSmsTestingModule {
  /** Registers the unnamed account, or the account `name`. */
  static forRoot(options: OurSmsTestingModuleOptions = {}): DynamicModule {
    const { credits, isGlobal, name, ...messages } = options;
    return {
      module: OurSmsTestingModule,
      global: isGlobal,
      imports: [OurSmsApplicationModule],
      providers: [
        { provide: RAW_OPTIONS, useValue: messages },
        ...accountProviders(name),
        { provide: OurSmsTesting, useValue: new OurSmsTesting({ credits }) },
        {
          provide: ACCOUNT,
          inject: [OurSmsTesting, RAW_OPTIONS, ACCOUNT_NAME, OurSmsApplication, ModuleRef],
          useFactory: (
            testing: OurSmsTesting,
            raw: unknown,
            account: string,
            application: OurSmsApplication,
            moduleRef: ModuleRef,
          ) => testing.open(testOptions(raw, account), application, moduleRef),
        },
      ],
      exports: [
        getOurSmsToken(name),
        getDlrInboxToken(name),
        getCampaignsToken(name),
        getMessagesToken(name),
        OurSmsTesting,
      ],
    };
  }
}
