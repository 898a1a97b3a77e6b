import { Pool } from 'undici';
import { CONCURRENCY, PREPARED_BODY } from '../the-message.mjs';

/** The floor: the HTTP client that we stand on, with nothing of ours. */
export async function open(baseUrl) {
  const pool = new Pool(baseUrl, { connections: CONCURRENCY });
  const request = {
    method: 'POST',
    path: '/msgs',
    headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
    body: PREPARED_BODY,
  };
  const send = async () => {
    const { body } = await pool.request(request);
    return (await body.json()).jobId;
  };
  return { send, close: () => pool.close() };
}
