const COMMA = 0x2c;
const DESTS = Buffer.from('dests=');
const AMPERSAND = 0x26;

/** The answer to "1. Send Message", as text: all recipients of the form are accepted. */
export function receipt(form) {
  const start = form.indexOf(DESTS);
  let total = 1;
  for (let i = start; i < form.length && form[i] !== AMPERSAND; i += 1) if (form[i] === COMMA) total += 1;
  return JSON.stringify({ jobId: 'bench', total, accepted: total, rejected: 0, duplicates: 0, cost: total });
}

/** The answer to "3. Get Credits Balance", as text: enough for everything. */
export const CREDITS = JSON.stringify({ credits: 1_000_000_000 });
