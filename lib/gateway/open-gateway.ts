import { apiKeyOf, type GatewayAccount } from './account.js';
import { ApiA } from './api-a.js';
import { GatewayClient } from './gateway-client.js';
import { GatewayHttp } from './gateway-http.js';
import { JsonApi } from './json-api.js';
import type { Transport } from './transport.js';

/** Opens the client of an account: the API of its credentials, over pooled connections unless a transport is passed. */
export async function openGateway(
  account: GatewayAccount,
  openTransport?: (account: GatewayAccount) => Promise<Transport>,
): Promise<GatewayClient> {
  const apiKey = apiKeyOf(account.auth);
  const dialect = apiKey === undefined ? new ApiA(account.auth) : new JsonApi(apiKey);
  return new GatewayClient(account, dialect, await GatewayHttp.open(account, openTransport));
}
