import { Module, type DynamicModule } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { accountProviders } from '../module/account-providers.js';
import { OurSmsApplicationModule } from '../module/oursms.application.js';
import { GATEWAY, RAW_OPTIONS, RESOLVED_OPTIONS, STORAGE_PLACE } from '../module/internal-tokens.js';
import type { OurSmsModuleExtras } from '../module/oursms.module-definition.js';
import type { OurSmsModuleOptions } from '../options/oursms.options.js';
import type { ResolvedOptions } from '../options/resolve-options.js';
import { getCampaignsToken, getDlrInboxToken, getOurSmsToken } from '../module/oursms.tokens.js';
import { inMemory, OurSmsTesting } from './oursms-testing.js';

/** How `OurSmsTestingModule` stands in: the options of the real module that shape messages, and its extras. */
export interface OurSmsTestingModuleOptions
  extends OurSmsModuleExtras, Pick<OurSmsModuleOptions, 'defaults' | 'divertTo' | 'numbers' | 'quietHours'> {
  /** The balance at the start. Default: 1000. */
  credits?: number;
}

/**
 * Stands in for `OurSmsModule` in a unit test: the same service on a gateway in memory. Get {@link OurSmsTesting} from the
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
  /** Registers the unnamed account, or the one of `name`. */
  static forRoot(options: OurSmsTestingModuleOptions = {}): DynamicModule {
    const { credits, isGlobal, name, ...messages } = options;
    return {
      module: OurSmsTestingModule,
      global: isGlobal,
      imports: [OurSmsApplicationModule],
      providers: [
        { provide: RAW_OPTIONS, useValue: { ...messages, auth: { token: 'testing' }, retry: { attempts: 1 } } },
        ...accountProviders(name),
        { provide: STORAGE_PLACE, useFactory: inMemory },
        { provide: OurSmsTesting, useValue: new OurSmsTesting({ credits }) },
        {
          provide: GATEWAY,
          useFactory: (testing: OurSmsTesting, resolved: ResolvedOptions, moduleRef: ModuleRef) =>
            testing.open(resolved, moduleRef),
          inject: [OurSmsTesting, RESOLVED_OPTIONS, ModuleRef],
        },
      ],
      exports: [getOurSmsToken(name), getDlrInboxToken(name), getCampaignsToken(name), OurSmsTesting],
    };
  }
}
