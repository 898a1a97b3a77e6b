import type { Provider } from '@nestjs/common';
import { GatewayClient } from './gateway/gateway-client.js';
import { createGatewayHttp } from './gateway/http-service.js';
import { ACCOUNT, GATEWAY, MESSAGE_POLICY, RAW_OPTIONS, RESOLVED_OPTIONS } from './oursms.internal-tokens.js';
import { OurSmsLifecycle } from './oursms.lifecycle.js';
import { OurSmsPolling } from './oursms.polling.js';
import { resolveOptions, type ResolvedOptions } from './oursms.resolve-options.js';
import { OurSmsService } from './oursms.service.js';
import { DEFAULT_ACCOUNT, getOurSmsToken } from './oursms.tokens.js';

/** What one registration of the module provides, from its raw options to its service. */
export function accountProviders(name: string | undefined): Provider[] {
  return [
    { provide: ACCOUNT, useValue: name ?? DEFAULT_ACCOUNT },
    { provide: RESOLVED_OPTIONS, useFactory: resolveOptions, inject: [RAW_OPTIONS, ACCOUNT] },
    {
      provide: MESSAGE_POLICY,
      useFactory: ({ messages }: ResolvedOptions) => messages,
      inject: [RESOLVED_OPTIONS],
    },
    {
      provide: GATEWAY,
      useFactory: async ({ gateway }: ResolvedOptions) => new GatewayClient(gateway, await createGatewayHttp(gateway)),
      inject: [RESOLVED_OPTIONS],
    },
    OurSmsLifecycle,
    OurSmsPolling,
    { provide: getOurSmsToken(name), useClass: OurSmsService },
  ];
}
