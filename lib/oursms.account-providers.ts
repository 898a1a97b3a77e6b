import type { Provider } from '@nestjs/common';
import { ModuleRef, ModulesContainer } from '@nestjs/core';
import type { GatewayClient } from './gateway/gateway-client.js';
import {
  ACCOUNT,
  BOOTSTRAP,
  GATEWAY,
  LIFECYCLE,
  OUTBOX,
  POLLING,
  RAW_OPTIONS,
  RESOLVED_OPTIONS,
} from './oursms.internal-tokens.js';
import type { ResolvedOptions } from './oursms.resolve-options.js';
import { OurSmsService } from './oursms.service.js';
import { DEFAULT_ACCOUNT, getOurSmsToken } from './oursms.tokens.js';

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
      useFactory: ({ Outbox }: Bootstrap, gateway: GatewayClient, { messages }: ResolvedOptions) =>
        new Outbox(gateway, messages),
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
      provide: POLLING,
      inject: [BOOTSTRAP, GATEWAY, RESOLVED_OPTIONS, ModuleRef],
      useFactory: (
        { OurSmsPolling }: Bootstrap,
        gateway: GatewayClient,
        options: ResolvedOptions,
        moduleRef: ModuleRef,
      ) => new OurSmsPolling(gateway, options, moduleRef),
    },
    { provide: getOurSmsToken(name), useClass: OurSmsService },
  ];
}
