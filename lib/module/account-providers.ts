import type { Provider } from '@nestjs/common';
import { DlrInbox } from '../inbox/dlr-inbox.js';
import type { Account } from './account.js';
import {
  ACCOUNT,
  ACCOUNT_NAME,
  DEFAULT_ACCOUNT,
  getHealthToken,
  getWebhookToken,
  LIFECYCLE,
  RAW_OPTIONS,
} from './internal-tokens.js';
import { OurSmsApplication } from './oursms.application.js';
import { OurSmsService } from './oursms.service.js';
import { getCampaignsToken, getDlrInboxToken, getMessagesToken, getOurSmsToken } from './oursms.tokens.js';

/** The providers of one registration of the module. The code of an account is loaded when an application starts. */
export function accountProviders(name: string | undefined): Provider[] {
  return [
    { provide: ACCOUNT_NAME, useValue: name ?? DEFAULT_ACCOUNT },
    {
      provide: ACCOUNT,
      inject: [RAW_OPTIONS, ACCOUNT_NAME, OurSmsApplication],
      useFactory: async (raw: unknown, account: string, application: OurSmsApplication): Promise<Account> => {
        const { resolveOptions } = await import('../options/resolve-options.js');
        const options = resolveOptions(raw, account);
        const { openAccount } = await import('./account.js');
        return openAccount(options, application);
      },
    },
    {
      provide: LIFECYCLE,
      inject: [ACCOUNT, OurSmsApplication],
      useFactory: async (account: Account, application: OurSmsApplication) => {
        const { AccountLifecycle } = await import('./account-lifecycle.js');
        return new AccountLifecycle(account, application);
      },
    },
    {
      provide: getOurSmsToken(name),
      useClass: OurSmsService,
    },
    {
      provide: getCampaignsToken(name),
      inject: [ACCOUNT],
      useFactory: ({ campaigns }: Account) => campaigns,
    },
    {
      provide: getMessagesToken(name),
      inject: [ACCOUNT],
      useFactory: ({ messages }: Account) => messages,
    },
    {
      provide: getDlrInboxToken(name),
      inject: [ACCOUNT],
      useFactory: ({ inbox }: Account) => new DlrInbox(() => inbox.running),
    },
    {
      provide: getHealthToken(name ?? DEFAULT_ACCOUNT),
      inject: [ACCOUNT],
      useFactory: ({ health }: Account) => health,
    },
    {
      provide: getWebhookToken(name ?? DEFAULT_ACCOUNT),
      inject: [ACCOUNT],
      useFactory: ({ webhook }: Account) => webhook,
    },
  ];
}
