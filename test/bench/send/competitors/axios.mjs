import { Agent } from 'node:http';
import axios from 'axios';
import { CONCURRENCY, PREPARED_BODY } from '../the-message.mjs';

/** What most applications would write by hand. */
export async function open(baseUrl) {
  const httpAgent = new Agent({ keepAlive: true, maxSockets: CONCURRENCY });
  const client = axios.create({ httpAgent, headers: { 'content-type': 'application/x-www-form-urlencoded' } });
  const send = async () => (await client.post(`${baseUrl}/msgs`, PREPARED_BODY)).data.jobId;
  return { send, close: () => httpAgent.destroy() };
}
