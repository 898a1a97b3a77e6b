import { describe, expect, it } from '@jest/globals';
import { redact } from '../../lib/gateway/redactor.js';
import { Seeded } from '../support/seeded.js';

const SECRET = 'p4ss w/rd+&%"ü<x>\'9z';
const BODY = 'Your login code is 483-920, كودك السري للدخول إلى المتجر';
const HIDDEN = { secrets: [SECRET], username: 'shop-user', body: BODY, numbers: ['966501234567'] };

const html = (text: string): string =>
  text.replace(/[&<>"']/g, (sign) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[sign] ?? '&#39;');
const inHex = (text: string): string => [...text].map((sign) => `&#x${sign.codePointAt(0)?.toString(16)};`).join('');
const json = (text: string): string => JSON.stringify(text).slice(1, -1);
const ascii = (text: string): string =>
  json(text).replace(/[^ -~]/g, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`);
const url = encodeURIComponent;
const form = (text: string): string => url(text).replaceAll('%20', '+');
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const base64url = (text: string): string => Buffer.from(text).toString('base64url');
const between = (sign: string) => (text: string) => [...text].join(sign);

/** Ways in which a text can come back. */
const WAYS: Record<string, (text: string) => string> = {
  'as it is': (text) => text,
  'in capitals': (text) => text.toUpperCase(),
  'in small letters': (text) => text.toLowerCase(),
  'in a URL': url,
  'in a form': form,
  'in a URL inside of a URL': (text) => url(url(text)),
  'in a form inside of a URL': (text) => url(form(text)),
  'in JSON': json,
  'in JSON of ASCII': ascii,
  'in JSON inside of JSON': (text) => json(json(text)),
  'in JSON of ASCII inside of JSON': (text) => json(ascii(text)),
  'in HTML': html,
  'in HTML by codes': inHex,
  'in HTML inside of JSON inside of a URL': (text) => url(json(html(text))),
  'with a soft hyphen between': between('\u00ad'),
  'with zero-width spaces between': between('\u200b'),
  'with a line break inside': (text) => `${text.slice(0, 4)}\r\n\t${text.slice(4)}`,
  'with escaped line breaks inside': (text) => `${text.slice(0, 4)}\\r\\n${text.slice(4)}`,
  decomposed: (text) => text.normalize('NFD'),
};

const ENCODINGS: Record<string, (text: string) => string> = {
  'for Basic': (text) => `Authorization: Basic ${base64(`shop-user:${text}`)}`,
  'in base64': base64,
  'in base64 after one byte': (text) => base64(`x${text}`),
  'in base64 after two bytes, with more': (text) => base64(`xy${text} and more`),
  'in base64url': base64url,
  'in base64url after one byte, with more': (text) => base64url(`x${text}?`),
  'in base64 in a URL': (text) => url(base64(`x${text}`)),
  'in hexadecimal': (text) => Buffer.from(text).toString('hex'),
};

/** What is left of a text when it is compared as a reader would: without case and what cannot be seen. */
const bare = (text: string): string =>
  text
    .normalize('NFKD')
    .replace(/[\s\p{M}\p{Cf}\p{Cc}]/gu, '')
    .toLowerCase();

function expectNoPiece(shown: string, hidden: string, size: number): void {
  const [seen, all] = [bare(shown), bare(hidden)];
  for (let at = 0; at + size <= all.length; at++) {
    const piece = all.slice(at, at + size);
    if (seen.includes(piece)) throw new Error(`${JSON.stringify(piece)} is seen in ${JSON.stringify(shown)}`);
  }
}

describe('a gateway message that echoes the password', () => {
  it.each(Object.keys(WAYS))('%s shows no piece of the password', (way) => {
    const shown = redact(`Refused: password=<${WAYS[way]?.(SECRET)}> for shop`, HIDDEN);
    expectNoPiece(shown, SECRET, 6);
    expect(redact(`No: ${WAYS[way]?.(SECRET)} (odd)`, HIDDEN)).toMatch(/^No: \[secret\] \(odd\)$/);
  });

  it.each(Object.keys(ENCODINGS))('%s shows nothing of the password', (way) => {
    const encoded = ENCODINGS[way]?.(SECRET) as string;
    const shown = redact(`No: ${encoded} (odd)`, HIDDEN);
    expect(shown).toMatch(/^No: (Authorization: Basic )?\[(secret|data)\](%3D|=)* \(odd\)$/);
    expectNoPiece(shown, encoded.replace(/^Authorization: Basic /, ''), 6);
  });

  it.each([6, 7, 10, SECRET.length - 1])('and is cut after %i of its characters shows none of them', (length) => {
    expectNoPiece(redact(`No: "${SECRET.slice(0, length)}`, HIDDEN), SECRET, 6);
    expectNoPiece(redact(`No: "${SECRET.slice(-length)}" (odd)`, HIDDEN), SECRET, 6);
  });

  it('shows none of it when the password contains escapes itself', () => {
    for (const secret of [
      'ab%41cd&amp;efg',
      'x\\n\\u0041yz&lt;12',
      '100%25%2541abcd',
      'C:\\\\new\\temp',
      '&#37;41&amp;amp;x%',
    ]) {
      for (const way of Object.values(WAYS)) {
        const shown = redact(`No: ${way(secret)} (odd)`, { secrets: [secret] });
        expect(shown).not.toContain(secret);
        expectNoPiece(shown, secret, 6);
      }
    }
  });

  it('shows none of it when the password consists of characters that are ignored elsewhere', () => {
    for (const way of [url, form, json, html]) {
      expect(redact(`No: <${way('++++ ++++')}>`, { secrets: ['++++ ++++'] })).toBe('No: <[secret]>');
    }
  });

  it.each(['', 'a', 'pw', 'demo', '0123'])('shows none of it when the password is short: %j', (secret) => {
    const shown = redact(`Refused: <${secret}>`, { secrets: [secret] });
    if (secret !== '') expect(shown.replaceAll('[secret]', '')).not.toContain(`<${secret}>`);
    expect(shown).toMatch(/^R/);
  });
});

it('hides everything that looks like a credential, even of another system', () => {
  const foreign = [
    ['connect to redis://user:hunter22@10.0.0.1 failed', 'hunter22'],
    ['GET /x?token=hunter22&y=1', 'hunter22'],
    ['{"password": "hunter 22"}', 'hunter'],
    ['authorization: Bearer hunter22.abc', 'hunter22'],
  ] as const;
  for (const [text, secret] of foreign) expect(redact(text, { secrets: [] })).not.toContain(secret);
  expect(redact('invalid token: it has expired', { secrets: [] })).toBe('invalid token: it has expired');
});

it('hides the user name as a whole word, since it is half of a credential pair', () => {
  expect(redact('user SHOP-USER (shop%2Duser) is blocked, shop-users are not', HIDDEN)).toBe(
    'user [username] ([username]) is blocked, shop-users are not',
  );
});

describe('a gateway message that echoes a number', () => {
  it.each([
    ...['966501234567', '+966 50 123 4567', '0501234567', '966/50/123/4567', '966_50_123_4567', '966,50,123,4567'],
    ...['966–50–123–4567', '966\u00a050\u00a0123\u00a04567', '\u202a966\u202c50\u200f123\u200e4567', '٩٦٦٥٠١٢٣٤٥٦٧'],
    ...[
      '(966) - 50 . 123 . 4567',
      '9 6 6 5 0 1 2 3 4 5 6 7',
      '９６６５０１２３４５６７',
      '%D9%A9%D9%A6%D9%A6501234567',
    ],
    ...['&#57;66501234567', '96650', '234567', '5012/345'],
  ])('as %j shows none of it', (number) => {
    expect(redact(`No: <${number}> (odd)`, HIDDEN)).toMatch(/^No: < ?\+?\(?\[number\]> \(odd\)$/);
  });

  it('keeps other digits', () => {
    expect(redact('error 6208: 3 of 15 refused', HIDDEN)).toBe('error 6208: 3 of 15 refused');
  });
});

describe('a gateway message that echoes the text', () => {
  it.each(Object.keys(WAYS))('%s shows no piece of the text', (way) => {
    const shown = redact(`Refused: "${WAYS[way]?.(BODY)}" now`, HIDDEN);
    expect(shown).toBe('Refused: "[text]" now');
  });

  it.each([
    '483920',
    '483-920',
    '483 920',
    '٤٨٣٩٢٠',
    '٤٨٣-٩٢٠',
    '4\u200e83920',
    '4839',
    '48 39 20',
    '%D9%A4%D9%A8392%30',
  ])('as the code %j shows none of it', (code) => {
    for (const body of ['Code: 483920', 'Code: 483-920', 'الرمز: ٤٨٣٩٢٠', 'Code 483 920.']) {
      expect(redact(`No: <${code}> (odd)`, { secrets: [], body })).toBe('No: <[number]> (odd)');
    }
  });

  it('as a code of letters and digits shows none of it', () => {
    expect(redact('bad word x7k9 in it', { secrets: [], body: 'Code X7K9, now' })).toBe('bad word [text] in it');
  });
});

describe('a long answer', () => {
  it.each([0, 1, 2, 3, 5, 7, 11])(
    'that echoes an Arabic text before the password hides the password (case %i)',
    (more) => {
      for (let letters = 140; letters < 190; letters++) {
        const body = 'م'.repeat(letters + more * 100);
        const shown = redact(`body=${url(body)}&password=${url(SECRET)}`, { secrets: [SECRET], body });
        expectNoPiece(shown, SECRET, 6);
      }
    },
  );

  it('hides a password at the end of the inspected part', () => {
    for (let before = 16_300; before < 16_400; before++) {
      for (const way of [url, json, inHex, base64]) {
        const text = ' '.repeat(before) + way(SECRET);
        const shown = redact(text, { secrets: [SECRET] });
        expectNoPiece(shown, SECRET, 3);
        expectNoPiece(shown, base64(SECRET), 3);
      }
      expect(redact(`${' '.repeat(before)}0501234567${' x'.repeat(99)}`, { secrets: [] })).not.toMatch(/\d/);
    }
  });

  it.each([
    'a',
    '%',
    '&',
    '\\',
    '//a',
    '0 ',
    '\u200b',
    'token=',
    'basic ',
    '%25',
    '&amp;',
    'p4ss',
    '"password":"',
    'ﷺ',
  ])('of megabytes of %j is redacted quickly', (piece) => {
    const text = piece.repeat(2_000_000 / piece.length);
    const began = performance.now();
    expect(redact(text, HIDDEN).length).toBeLessThanOrEqual(241);
    expect(performance.now() - began).toBeLessThan(5_000);
  });
});

it('shows no piece of random secrets, numbers and codes, wherever they stand and however they are escaped and cut', () => {
  const random = new Seeded(12);
  const ALPHABETS = ['abcdefXYZ0123', ' !"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~aZ9', 'éüßαжяمنت٣🙂aB1 +', '0123456789'];
  const ways = [...Object.values(WAYS), ...Object.values(ENCODINGS)];
  const word = (length: number, alphabet: string): string =>
    Array.from({ length }, () => random.pick([...alphabet])).join('');
  for (let round = 0; round < 3_000; round++) {
    const secret = word(8 + random.next(24), random.pick(ALPHABETS));
    const code = word(4 + random.next(4), '0123456789');
    const number = `9665${word(8, '0123456789')}`;
    const hidden = { secrets: [secret], body: `Code: ${code}`, numbers: [number] };
    const [way, other] = [random.pick(ways), random.pick([...Object.values(WAYS)])];
    const before = word(random.next(30), 'xyzq =&:"');
    const echo = `${before}${way(secret)}" ${number} ${other(code)} ${other(`'${secret}'`)}`;
    const text = random.next(3) === 0 ? echo.slice(0, random.next(echo.length)) : echo;
    const shown = redact(text, hidden).replace(/\[(secret|number|text|data)\]/g, '\u0000');
    for (let at = 0; at + 6 <= secret.length; at++) {
      const piece = secret.slice(at, at + 6);
      if (shown.includes(piece)) throw new Error(JSON.stringify({ piece, secret, text, shown }));
    }
    if (shown.includes(code) || shown.includes(number.slice(0, 7)))
      throw new Error(JSON.stringify({ code, text, shown }));
  }
});
