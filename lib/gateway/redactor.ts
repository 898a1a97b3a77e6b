const MAX_LENGTH = 240;
const SHARED_WINDOW = 8;

/**
 * Makes a sentence of the gateway safe to show: one short line without secrets, without phone numbers, and without pieces
 * of the text that was sent.
 */
export function redact(text: string, hidden: { secrets: readonly string[]; body?: string }): string {
  let safe = text.slice(0, MAX_LENGTH * 4);
  for (const secret of hidden.secrets.flatMap(spellingsOf)) safe = safe.replaceAll(secret, '[secret]');
  if (hidden.body) safe = withoutPieces(safe, hidden.body);
  safe = safe.replace(/[\p{Nd}](?:[\s().-]?[\p{Nd}]){6,}/gu, '[number]');
  safe = safe.replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ').trim();
  return safe.length > MAX_LENGTH ? `${safe.slice(0, MAX_LENGTH)}…` : safe;
}

/** The secret as it is, and as a URL, a form or JSON writes it; longest first, so that no half of one remains. */
function spellingsOf(secret: string): string[] {
  if (secret === '') return [];
  const encoded = encodeURIComponent(secret);
  const spellings = [
    secret,
    encoded,
    encoded.replaceAll('%20', '+'),
    encoded.toLowerCase(),
    JSON.stringify(secret).slice(1, -1),
  ];
  return [...new Set(spellings)].sort((a, b) => b.length - a.length);
}

/** Takes out every stretch of eight or more characters that the text holds too, and every digit run of it (a login code). */
function withoutPieces(text: string, body: string): string {
  let safe = '';
  for (let i = 0; i < text.length;) {
    const length = sharedLength(text, i, body);
    safe += length > 0 ? '[text]' : text[i];
    i += length || 1;
  }
  const codes = new Set(body.match(/[\p{Nd}]{4,}/gu) ?? []);
  safe = safe.replace(/[\p{Nd}]{4,}/gu, (run) => (codes.has(run) ? '[text]' : run));
  return body.length < SHARED_WINDOW ? safe.replaceAll(body, '[text]') : safe;
}

function sharedLength(text: string, start: number, body: string): number {
  let length = SHARED_WINDOW;
  if (start + length > text.length || !body.includes(text.slice(start, start + length))) return 0;
  while (start + length < text.length && body.includes(text.slice(start, start + length + 1))) length += 1;
  return length;
}
