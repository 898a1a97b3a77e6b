import { spelledNumber } from '../numbers/spellings.mjs';

/** How many requests are on the way at any time, and how many connections carry them. */
export const CONCURRENCY = 8;
/** Recipients of a request. */
export const CHUNK = 500;

export const AUTH = { username: 'bench', token: 'not-a-real-token' };
export const MESSAGE = { src: 'MyBrand', body: 'Half price today in all our shops, from 4 to 11 pm.', dlr: true };

/** So many different mobiles, spelled in every way, one by one: nothing keeps them but whoever takes them. */
export function* recipients(count) {
  for (let i = 0; i < count; i += 1) yield spelledNumber(i).written;
}

/** The bodies of the requests that so many recipients need, ready to be posted. */
export function preparedBodies(count) {
  return Array.from({ length: Math.ceil(count / CHUNK) }, (_, chunk) => {
    const length = Math.min(CHUNK, count - chunk * CHUNK);
    const dests = Array.from({ length }, (__, i) => spelledNumber(chunk * CHUNK + i).number).join(',');
    const { src, body } = MESSAGE;
    return new URLSearchParams({ ...AUTH, src, dests, body, dlr: '1' }).toString().replaceAll('%2C', ',');
  });
}
