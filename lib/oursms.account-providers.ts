import type { Provider } from '@nestjs/common';
import { ModuleRef, ModulesContainer } from '@nestjs/core';
import type { GatewayClient } from './gateway/gateway-client.js';
import { DlrInbox } from './inbox/dlr-inbox.js';
import {
  ACCOUNT,
  BOOTSTRAP,
  GATEWAY,
  LIFECYCLE,
  OPEN_STORAGE,
  OUTBOX,
  RAW_OPTIONS,
  RECEIVING,
  RESOLVED_OPTIONS,
} from './oursms.internal-tokens.js';
import type { OurSmsReceiving } from './oursms.receiving.js';
import type { StorageOpener } from './oursms.open-storage.js';
import type { ResolvedOptions } from './oursms.resolve-options.js';
import { OurSmsService } from './oursms.service.js';
import { DEFAULT_ACCOUNT, getDlrInboxToken, getOurSmsToken } from './oursms.tokens.js';

type Bootstrap = typeof import('./oursms.bootstrap.js');

/** What one registration of the module provides, from its raw options to its service. */
export function accountProviders(name: string | undefined): Provider[] {
  return [
    { provide: ACCOUNT, useValue: name ?? DEFAULT_ACCOUNT },
    { provide: BOOTSTRAP, useFactory: () => import('./oursms.bootstrap.js') },
    {
      provide: RESOLVED_OPTIONS,
      inject: [BOOTSTRAP, RAW_OPTIONS, ACCOUNT],
      useFactory: ({ resolveOptions }: Bootstrap, raw: unknown, account: string) => resolveOptions(raw, account),
    },
    {
      provide: GATEWAY,
      inject: [BOOTSTRAP, RESOLVED_OPTIONS],
      useFactory: ({ openGateway }: Bootstrap, { gateway }: ResolvedOptions) => openGateway(gateway),
    },
    {
      provide: OUTBOX,
      inject: [BOOTSTRAP, GATEWAY, RESOLVED_OPTIONS],
      useFactory: (
        { Outbox, RateLimiter, Retries }: Bootstrap,
        gateway: GatewayClient,
        { messages, retry, rate }: ResolvedOptions,
      ) => new Outbox(gateway, messages, new Retries(retry), new RateLimiter(rate)),
    },
    {
      provide: LIFECYCLE,
      inject: [BOOTSTRAP, GATEWAY, RESOLVED_OPTIONS, ModulesContainer],
      useFactory: (
        { OurSmsLifecycle }: Bootstrap,
        gateway: GatewayClient,
        { messages }: ResolvedOptions,
        modules: ModulesContainer,
      ) => new OurSmsLifecycle(gateway, messages, modules),
    },
    {
      provide: OPEN_STORAGE,
      inject: [BOOTSTRAP, RESOLVED_OPTIONS],
      useFactory:
        ({ openStorage }: Bootstrap, { storage }: ResolvedOptions): StorageOpener =>
        () =>
          openStorage(storage),
    },
    {
      provide: RECEIVING,
      inject: [BOOTSTRAP, GATEWAY, RESOLVED_OPTIONS, OPEN_STORAGE, ModuleRef],
      useFactory: (
        { OurSmsReceiving }: Bootstrap,
        gateway: GatewayClient,
        options: ResolvedOptions,
        open: StorageOpener,
        moduleRef: ModuleRef,
      ) => new OurSmsReceiving(gateway, options, open, moduleRef),
    },
    {
      provide: getDlrInboxToken(name),
      inject: [RECEIVING],
      useFactory: (receiving: OurSmsReceiving) => new DlrInbox(() => receiving.inbox),
    },
    { provide: getOurSmsToken(name), useClass: OurSmsService },
  ];
}
