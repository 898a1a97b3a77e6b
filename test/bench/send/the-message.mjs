/** What every competitor sends: one recipient, a text of one part, a delivery report wanted. */
export const MESSAGE = {
  src: 'MyBrand',
  dest: '966501234567',
  body: 'Your order 4711 is on its way. It arrives today between 16 and 18 o’clock.',
};

/** The same, as a request body that is ready to be posted. */
export const PREPARED_BODY = new URLSearchParams({
  username: 'bench',
  token: 'not-a-real-token',
  src: MESSAGE.src,
  dests: MESSAGE.dest,
  body: MESSAGE.body,
  dlr: '1',
}).toString();

/** How many requests are on the way at any time, and how many connections carry them. */
export const CONCURRENCY = 16;
