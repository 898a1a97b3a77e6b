/** The account at the simulated gateway. */
export const GATEWAY_AUTH = { username: 'demo', password: 'demo' };

/** How many reports a download asks for: the most that the API document allows. */
export const PAGE = 500;

/** A row of a download, each with its own message. */
export function reportRow(number) {
  return {
    msgId: String(20_000_000_000 + number),
    jobId: `5f0c2b7e-6a3e-4c39-9d7c-${String(Math.floor(number / PAGE)).padStart(12, '0')}`,
    status: number % 20 === 0 ? 'undelivered' : 'delivered',
    src: 'MyBrand',
    dest: `9665${String(number % 100_000_000).padStart(8, '0')}`,
    msgDate: '2026-01-31T12:00:00',
    statusDate: '2026-01-31T12:00:07',
  };
}
