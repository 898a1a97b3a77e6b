import type { Provider } from '@nestjs/common';
import type { GatewayClient } from './gateway/gateway-client.js';
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
      useFactory: openGateway,
      inject: [RESOLVED_OPTIONS],
    },
    OurSmsLifecycle,
    OurSmsPolling,
    { provide: getOurSmsToken(name), useClass: OurSmsService },
  ];
}

/** What speaks to the gateway is loaded here, at bootstrap: importing the module stays cheap. */
async function openGateway({ gateway }: ResolvedOptions): Promise<GatewayClient> {
  const { GatewayClient } = await import('./gateway/gateway-client.js');
  const { GatewayHttp } = await import('./gateway/gateway-http.js');
  return new GatewayClient(gateway, await GatewayHttp.open(gateway));
}
