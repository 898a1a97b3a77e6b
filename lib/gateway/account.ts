/** How an account proves itself to the gateway. Both forms are sent as parameters of these names. */
export type GatewayAuth = { username: string; password: string } | { username?: string; token: string };

/** Options of an account for this folder. No other folder reads `auth`. */
export interface GatewayAccount {
  name: string;
  baseUrl: string;
  auth: GatewayAuth;
  timeoutMs: number;
  connectTimeoutMs: number;
  maxConnections: number;
  maxResponseBytes: number;
  userAgent: string;
}

/** The parameters that carry the credentials, in the document's order. */
export function credentialsOf({ username, ...secret }: GatewayAuth): [string, string][] {
  return Object.entries({ username, ...secret }).filter((entry): entry is [string, string] => entry[1] !== undefined);
}
