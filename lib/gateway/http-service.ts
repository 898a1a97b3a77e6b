import type { HttpService } from '@nestjs/axios';
import type { AxiosAdapter } from 'axios';
import type { GatewayAccount } from './account.js';
import { openPooledTransport } from './pooled-transport.js';

/** What carries an account's requests. */
export interface Transport {
  adapter: AxiosAdapter;
  /** Lets running requests end, then closes every connection. */
  close(): Promise<void>;
}

/** An account's `HttpService` on its transport. */
export interface GatewayHttp extends Transport {
  service: HttpService;
}

/**
 * Makes the `HttpService` of an account: axios with its interceptors, on a transport of our own.
 *
 * The packages are loaded here, at bootstrap: importing the module stays cheap.
 */
export async function createGatewayHttp(
  account: GatewayAccount,
  openTransport: (account: GatewayAccount) => Promise<Transport> = openPooledTransport,
): Promise<GatewayHttp> {
  const { default: axios } = await import('axios');
  const { HttpService } = await import('@nestjs/axios');
  const transport = await openTransport(account);
  const instance = axios.create({
    adapter: transport.adapter,
    // For an application that swaps the adapter for one of axios' own, to go through a proxy for example.
    timeout: account.timeoutMs,
    maxRedirects: 0,
    maxContentLength: account.maxResponseBytes,
    transformRequest: [],
    transformResponse: [],
    validateStatus: () => true,
  });
  instance.defaults.headers.common = { accept: 'application/json', 'user-agent': account.userAgent };
  instance.defaults.headers.post = { 'content-type': 'application/x-www-form-urlencoded' };
  return { ...transport, service: new HttpService(instance) };
}
