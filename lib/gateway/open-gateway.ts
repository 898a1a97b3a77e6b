import type { GatewayAccount } from './account.js';
import { GatewayClient } from './gateway-client.js';
import { GatewayHttp } from './gateway-http.js';
import type { Transport } from './transport.js';

/** Opens an account's way to the gateway, over pooled connections unless another transport is given. */
export async function openGateway(
  account: GatewayAccount,
  openTransport?: (account: GatewayAccount) => Promise<Transport>,
): Promise<GatewayClient> {
  return new GatewayClient(account, await GatewayHttp.open(account, openTransport));
}
