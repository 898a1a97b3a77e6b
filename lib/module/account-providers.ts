import type { Provider } from '@nestjs/common';
import type { OurSmsApplication } from './oursms.application.js';
import type { GatewayClient } from '../gateway/gateway-client.js';
import { DlrInbox } from '../inbox/dlr-inbox.js';
import {
  ACCOUNT,
  APPLICATION,
  BOOTSTRAP,
  CAMPAIGNING,
  GATEWAY,
  LIFECYCLE,
  OUTBOX,
  RAW_OPTIONS,
  RECEIVING,
  RESOLVED_OPTIONS,
  STORAGE,
  STORAGE_PLACE,
  TURNS,
} from './internal-tokens.js';
import type { OurSmsReceiving } from './oursms.receiving.js';
import type { OurSmsCampaigning } from './oursms.campaigning.js';
import type { OurSmsStorage, StoragePlace } from './account-storage.js';
import { Campaigns } from '../campaigns/campaigns.js';
import type { Outbox } from '../sending/outbox.js';
import type { Turns } from '../sending/turns.js';
import type { ResolvedOptions } from '../options/resolve-options.js';
import { OurSmsService } from './oursms.service.js';
import { DEFAULT_ACCOUNT, getCampaignsToken, getDlrInboxToken, getOurSmsToken } from './oursms.tokens.js';

type Bootstrap = typeof import('./bootstrap.js');

/** What one registration of the module provides, from its raw options to its service. */
export function accountProviders(name: string | undefined): Provider[] {
  return [
    { provide: ACCOUNT, useValue: name ?? DEFAULT_ACCOUNT },
    { provide: BOOTSTRAP, useFactory: () => import('./bootstrap.js') },
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
      provide: TURNS,
      inject: [BOOTSTRAP, RESOLVED_OPTIONS],
      useFactory: ({ Turns }: Bootstrap, { rate }: ResolvedOptions) => new Turns(rate),
    },
    {
      provide: OUTBOX,
      inject: [BOOTSTRAP, GATEWAY, RESOLVED_OPTIONS, TURNS],
      useFactory: (
        { Outbox }: Bootstrap,
        gateway: GatewayClient,
        { messages, retry, rate }: ResolvedOptions,
        turns: Turns,
      ) => new Outbox(gateway, messages, retry, turns, rate.maxWaiting),
    },
    {
      provide: LIFECYCLE,
      inject: [BOOTSTRAP, GATEWAY, RESOLVED_OPTIONS, OUTBOX, APPLICATION],
      useFactory: (
        { OurSmsLifecycle }: Bootstrap,
        gateway: GatewayClient,
        options: ResolvedOptions,
        outbox: Outbox,
        application: OurSmsApplication,
      ) => new OurSmsLifecycle(gateway, options, outbox, application),
    },
    {
      provide: STORAGE_PLACE,
      inject: [BOOTSTRAP, RESOLVED_OPTIONS, APPLICATION],
      useFactory: ({ storagePlace }: Bootstrap, options: ResolvedOptions, application: OurSmsApplication) =>
        storagePlace(options, application),
    },
    {
      provide: STORAGE,
      inject: [BOOTSTRAP, STORAGE_PLACE],
      useFactory: ({ OurSmsStorage: Storage }: Bootstrap, place: StoragePlace) => new Storage(place),
    },
    {
      provide: RECEIVING,
      inject: [BOOTSTRAP, GATEWAY, RESOLVED_OPTIONS, STORAGE, APPLICATION],
      useFactory: (
        { OurSmsReceiving }: Bootstrap,
        gateway: GatewayClient,
        options: ResolvedOptions,
        storage: OurSmsStorage,
        application: OurSmsApplication,
      ) => new OurSmsReceiving(gateway, options, storage, application),
    },
    {
      provide: CAMPAIGNING,
      inject: [BOOTSTRAP, GATEWAY, RESOLVED_OPTIONS, TURNS, STORAGE, APPLICATION],
      useFactory: (
        { OurSmsCampaigning }: Bootstrap,
        gateway: GatewayClient,
        options: ResolvedOptions,
        turns: Turns,
        storage: OurSmsStorage,
        application: OurSmsApplication,
      ) => new OurSmsCampaigning({ gateway, options, turns, storage, application }),
    },
    {
      provide: getCampaignsToken(name),
      inject: [CAMPAIGNING],
      useFactory: ({ manager }: OurSmsCampaigning) => new Campaigns(manager),
    },
    {
      provide: getDlrInboxToken(name),
      inject: [RECEIVING],
      useFactory: (receiving: OurSmsReceiving) => new DlrInbox(() => receiving.inbox),
    },
    { provide: getOurSmsToken(name), useClass: OurSmsService },
  ];
}
