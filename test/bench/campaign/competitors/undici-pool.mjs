import { Pool } from 'undici';
import { CONCURRENCY, preparedBodies } from '../the-campaign.mjs';

/** The floor: requests that were prepared before, posted by the HTTP client that we stand on. Nothing is kept of them. */
export async function open(baseUrl) {
  const { origin, pathname } = new URL(baseUrl);
  const pool = new Pool(origin, { connections: CONCURRENCY });
  const path = `${pathname === '/' ? '' : pathname}/msgs`;
  const headers = { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' };
  const prepare = (recipients) => {
    const bodies = preparedBodies(recipients);
    return async () => {
      let [next, accepted] = [0, 0];
      const postOn = async () => {
        while (next < bodies.length) {
          const { body } = await pool.request({ method: 'POST', path, headers, body: bodies[next++] });
          accepted += (await body.json()).accepted;
        }
      };
      await Promise.all(Array.from({ length: CONCURRENCY }, postOn));
      return accepted;
    };
  };
  return { prepare, close: () => pool.close() };
}
