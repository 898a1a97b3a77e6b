/**
 * Credentials of an account. The first two forms are sent as parameters of these names; an API key goes into the
 * `Authorization` header of the JSON API.
 *
 * @inline
 */
export type GatewayAuth =
  { username: string; password: string } | { username?: string; token: string } | { apiKey: string };

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

/** Names and values of the credentials that are set, in the order of the document. */
export function credentialsOf(auth: GatewayAuth): [string, string][] {
  const { username, ...secret } = auth as { username?: string } & Record<string, string | undefined>;
  return Object.entries({ username, ...secret }).filter((entry): entry is [string, string] => entry[1] !== undefined);
}

/** The API key of an account; undefined for an account of api-a. */
export const apiKeyOf = (auth: GatewayAuth): string | undefined => (auth as { apiKey?: string }).apiKey;

const API_A = 'https://api.oursms.com/api-a';
const JSON_API = 'https://api.oursms.com';

/** The provider's base URL of the API that the credentials belong to. */
export const providerAddress = (auth: GatewayAuth): string => (apiKeyOf(auth) === undefined ? API_A : JSON_API);

/** Whether a URL is the provider's base URL of the API that the credentials do not belong to. */
export function isOtherApi(url: URL, auth: GatewayAuth): boolean {
  const other = providerAddress(auth) === API_A ? JSON_API : API_A;
  return (url.origin + url.pathname).replace(/\/+$/, '') === other;
}
