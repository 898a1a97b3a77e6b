import { SAUDI_RULES, type AdvisableMessage, type Advice } from './advice.js';

/** Well-known hosts of shortened links. */
const SHORTENERS = new Set([
  ...['bit.ly', 'bitly.com', 'j.mp', 'tinyurl.com', 'goo.gl', 'g.co', 't.co', 'ow.ly', 'is.gd', 'v.gd', 'buff.ly'],
  ...[
    'cutt.ly',
    'rb.gy',
    'rebrand.ly',
    't.ly',
    'tiny.cc',
    'tiny.one',
    'shorturl.at',
    'shorturl.asia',
    's.id',
    'bl.ink',
  ],
  ...['lnkd.in', 'fb.me', 'wa.link', 'soo.gd', 'clck.ru', 'u.to', 'qr.ae', 'short.io', 'short.gy', 'adf.ly', 'dub.sh'],
]);

/** Endings that distinguish a bare host from two words with a full stop between them. */
const COMMON_ENDINGS = new Set([
  ...[
    'com',
    'net',
    'org',
    'info',
    'biz',
    'gov',
    'edu',
    'app',
    'dev',
    'shop',
    'store',
    'online',
    'site',
    'link',
    'page',
  ],
  ...['sa', 'ae', 'kw', 'qa', 'bh', 'om', 'eg', 'jo', 'io', 'co', 'me', 'tv', 'xyz', 'top', 'club', 'cloud'],
]);

/** Advice on links in the text: shortened ones are barred, all others need whitelisting. */
export function adviseOnLinks({ body = '' }: AdvisableMessage): Advice[] {
  const kinds = new Set(
    withoutBoundCode(body)
      .split(/[^\x21-\x7e]+/)
      .map(kindOf),
  );
  const advice: Advice[] = [];
  if (kinds.has('shortened')) {
    advice.push({
      code: 'shortenedUrl',
      message: 'The text holds a shortened link, which Saudi operators bar: write the full address.',
      source: SAUDI_RULES,
    });
  }
  if (kinds.has('link')) {
    advice.push({
      code: 'url',
      message:
        'The text holds a link: its address has to be whitelisted with the provider, or the message may be blocked.',
      source: SAUDI_RULES,
    });
  }
  return advice;
}

/** The last line of a message from which a browser fills in a code: its host and the code. */
const BOUND_CODE = /^@[a-z0-9.-]+(?::\d{1,5})? #[^\s#]+(?: [@%][a-z0-9.-]+)?$/i;

/**
 * Removes that line: only the browser reads it, and it is not a link.
 *
 * @see https://wicg.github.io/sms-one-time-codes/ Origin-bound one-time codes delivered via SMS, 3
 */
function withoutBoundCode(body: string): string {
  const text = body.trimEnd();
  const start = Math.max(text.lastIndexOf('\n'), text.lastIndexOf('\r')) + 1;
  return BOUND_CODE.test(text.slice(start)) ? text.slice(0, start) : body;
}

/** @param run Printable ASCII between white space or other characters. */
function kindOf(run: string): 'shortened' | 'link' | 'text' {
  const [scheme, afterScheme] = split(run, '://');
  const address = (afterScheme ?? scheme).replace(/^[^a-z0-9]+/i, '');
  const host = withoutTail(address.split(/[/?#:]/, 1)[0] ?? '').toLowerCase();
  const labels = host.split('.');
  const isHost = labels.length > 1 && labels.every((label) => /^[a-z0-9-]{1,63}$/.test(label));
  if (isHost && (SHORTENERS.has(host) || SHORTENERS.has(host.replace(/^www\./, '')))) return 'shortened';
  if (afterScheme !== undefined) return /[a-z]$/i.test(scheme) ? 'link' : 'text';
  if (!isHost) return 'text';
  const ending = labels.at(-1) ?? '';
  const isNamed = COMMON_ENDINGS.has(ending) || labels[0] === 'www';
  return isNamed || (/^[a-z]{2,}$/.test(ending) && /[a-z0-9]\//i.test(address)) ? 'link' : 'text';
}

/** Removes punctuation from the end. In a loop: a pattern anchored at the end takes quadratic time on long runs. */
function withoutTail(host: string): string {
  let end = host.length;
  while (end > 0 && !/[a-z0-9]/i.test(host.charAt(end - 1))) end -= 1;
  return host.slice(0, end);
}

function split(text: string, mark: string): [before: string, after: string | undefined] {
  const at = text.indexOf(mark);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + mark.length)];
}
