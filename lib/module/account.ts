import { AccountCampaigns } from '../campaigns/account-campaigns.js';
import { OURSMS_CAMPAIGN_PAUSED, OURSMS_CREDITS_LOW } from '../campaigns/campaign.types.js';
import { CampaignTracking } from '../campaigns/campaign-tracking.js';
import type { AccountContext } from '../campaigns/run/campaign-context.js';
import { ChunkSender } from '../campaigns/run/chunk-sender.js';
import type { GatewayAccount } from '../gateway/account.js';
import type { GatewayClient } from '../gateway/gateway-client.js';
import { openGateway } from '../gateway/open-gateway.js';
import type { Transport } from '../gateway/transport.js';
import type { ResolvedOptions } from '../options/resolve-options.js';
import type { QueueEngine } from '../queue/durable-queue.js';
import { Outbox } from '../sending/outbox.js';
import { Turns } from '../sending/turns.js';
import { SILENT_TELEMETRY } from '../telemetry/silent-telemetry.js';
import type { Telemetry, TelemetryAccount } from '../telemetry/telemetry.js';
import { AccountMessages } from '../tracking/account-messages.js';
import { AccountEvents } from './account-events.js';
import { AccountHealth } from './account-health.js';
import { AccountInbox } from './account-inbox.js';
import { AccountWebhook } from './account-webhook.js';
import { AccountStorage, storagePlace, type StoragePlace } from './account-storage.js';
import type { OurSmsApplication } from './oursms.application.js';

/** The objects of one account. */
export interface Account {
  options: ResolvedOptions;
  gateway: GatewayClient;
  outbox: Outbox;
  storage: AccountStorage;
  inbox: AccountInbox;
  webhook: AccountWebhook;
  messages: AccountMessages;
  campaigns: AccountCampaigns;
  health: AccountHealth;
  telemetry: Telemetry;
}

/** Test doubles for parts of an account. */
interface AccountDoubles {
  openTransport?: (account: GatewayAccount) => Promise<Transport>;
  place?: StoragePlace;
}

/**
 * Creates and connects the objects of an account. Only the connection pool is opened here: `AccountLifecycle` opens and
 * starts the rest.
 */
export async function openAccount(
  options: ResolvedOptions,
  application: OurSmsApplication,
  doubles: AccountDoubles = {},
): Promise<Account> {
  const { messages: policy, retry, rate } = options;
  const telemetry = options.telemetry?.openTelemetry(telemetryAccount(options.gateway)) ?? SILENT_TELEMETRY;
  const gateway = await openGateway(options.gateway, doubles.openTransport);
  const turns = new Turns(rate);
  const storage = new AccountStorage(doubles.place ?? storagePlace(options, application));
  const events = new AccountEvents(application);
  const account = options.gateway.name;
  const openEngine = (): Promise<QueueEngine> => storage.engine();
  const announce = (event: string, payload: object): void => events.emit(event, payload);
  const tracking = options.tracking && new CampaignTracking(account, openEngine, options.tracking, announce);
  const messages = new AccountMessages(account, options.tracking, openEngine, announce, tracking);
  const outbox = new Outbox(gateway, policy, retry, turns, rate.maxWaiting, messages, telemetry);
  const inbox = new AccountInbox(gateway, options, storage, application, messages, telemetry);
  const webhook = new AccountWebhook(options, inbox);
  const campaignContext: AccountContext = {
    account,
    policy,
    sender: new ChunkSender(gateway, policy, retry, telemetry),
    turns: turns.bulk,
    getCredits: async () => (await gateway.getCredits()).credits,
    tracking,
    creditsEveryMs: options.campaigns.creditsEveryMs,
    announce: {
      paused: (event) => events.emit(OURSMS_CAMPAIGN_PAUSED, event),
      creditsLow: (event) => events.emit(OURSMS_CREDITS_LOW, event),
    },
  };
  const campaigns = new AccountCampaigns(campaignContext, openEngine);
  const health = new AccountHealth(gateway, storage, inbox, messages);
  return { options, gateway, outbox, storage, inbox, webhook, messages, campaigns, health, telemetry };
}

function telemetryAccount({ name, baseUrl }: GatewayAccount): TelemetryAccount {
  const { hostname, port, protocol } = new URL(baseUrl);
  return { name, host: hostname, port: Number(port) || (protocol === 'https:' ? 443 : 80) };
}
