import { reportRow } from '../inbox/reports.mjs';

export const PATH = 'sms/reports';
export const SECRET = 'a-secret-of-the-benchmark';
/** What the body parser of the bare controller takes; Nest's default is less than a push of 500 reports. */
export const LIMIT = '4mb';

let last = 0;

/** The body of a push of so many reports, which no other push has. */
export function pushBody(reports) {
  const statuses = Array.from({ length: reports }, () => reportRow((last += 1)));
  return JSON.stringify({ statuses });
}
