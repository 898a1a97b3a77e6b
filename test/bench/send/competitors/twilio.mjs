import { Agent } from 'node:http';
import twilio from 'twilio';
import { CONCURRENCY, MESSAGE } from '../the-message.mjs';

/** Another gateway's own client: it keeps connections alive by default, and only its address is changed. */
export async function open(baseUrl) {
  const client = twilio('AC00000000000000000000000000000000', 'not-a-real-token');
  client.api.baseUrl = baseUrl;
  // Its own agent speaks TLS only; this one has the same settings.
  const httpAgent = new Agent({ keepAlive: true, maxSockets: CONCURRENCY });
  client.httpClient.axios.defaults.httpAgent = httpAgent;
  const message = { from: MESSAGE.src, to: `+${MESSAGE.dest}`, body: MESSAGE.body };
  const send = async () => (await client.messages.create(message)).sid;
  return { send, close: () => httpAgent.destroy() };
}
