const MAX_LENGTH = 240;
const SHARED_WINDOW = 8;

/** What must not be seen: credentials, and the text of the message. */
export interface Hidden {
  secrets: readonly string[];
  body?: string;
}

/**
 * Makes a sentence of someone else safe to show: one short line without secrets, without phone numbers, and without pieces
 * of the text that was sent, also where they are written as in a URL or in JSON.
 */
export function redact(text: string, { secrets, body }: Hidden): string {
  let safe = withoutSecrets(text.slice(0, MAX_LENGTH * 4), secrets);
  safe = withoutSecrets(unescape(safe), secrets);
  if (body) safe = withoutPieces(withoutPieces(safe, body), body.replaceAll(' ', '+'));
  safe = safe.replace(/\p{Nd}(?:[\s().-]{0,2}\p{Nd}){6,}/gu, '[number]');
  safe = safe.replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ').trim();
  return safe.length > MAX_LENGTH ? `${safe.slice(0, MAX_LENGTH)}…` : safe;
}

function withoutSecrets(text: string, secrets: readonly string[]): string {
  return secrets
    .filter((secret) => secret !== '')
    .flatMap((secret) => [secret, secret.replaceAll(' ', '+'), encodeURIComponent(secret)])
    .sort((a, b) => b.length - a.length)
    .reduce((safe, secret) => safe.replaceAll(secret, '[secret]'), text);
}

/** Undoes the escapes of URLs and of JSON. */
function unescape(text: string): string {
  return text
    .replace(/(?:%[0-9a-f]{2})+/gi, (escapes) => {
      try {
        return decodeURIComponent(escapes);
      } catch {
        return ' ';
      }
    })
    .replace(/\\u([0-9a-f]{4})/gi, (_escape, code: string) => String.fromCharCode(parseInt(code, 16)))
    .replace(/\\(["\\/])/g, '$1');
}

/** Takes out every stretch of eight or more characters that the text holds too, and every digit run of it (a login code). */
function withoutPieces(text: string, body: string): string {
  let safe = '';
  for (let i = 0; i < text.length;) {
    const length = sharedLength(text, i, body);
    safe += length > 0 ? '[text]' : text[i];
    i += length || 1;
  }
  const codes = new Set(body.match(/\p{Nd}{4,}/gu) ?? []);
  safe = safe.replace(/\p{Nd}{4,}/gu, (run) => (codes.has(run) ? '[text]' : run));
  return body.length < SHARED_WINDOW ? safe.replaceAll(body, '[text]') : safe;
}

function sharedLength(text: string, start: number, body: string): number {
  let length = SHARED_WINDOW;
  if (start + length > text.length || !body.includes(text.slice(start, start + length))) return 0;
  while (start + length < text.length && body.includes(text.slice(start, start + length + 1))) length += 1;
  return length;
}
