/** A text can be escaped several times, such as JSON inside JSON. */
const MOST_LAYERS = 6;

/** HTML entities of characters that a password or a URL can contain. */
const ENTITIES: Readonly<Record<string, string>> = {
  ...{
    amp: '&',
    lt: '<',
    gt: '>',
    quot: '"',
    apos: "'",
    nbsp: ' ',
    shy: '',
    zwj: '',
    zwnj: '',
    tab: ' ',
    newline: ' ',
  },
  ...{ excl: '!', num: '#', dollar: '$', percnt: '%', lpar: '(', rpar: ')', ast: '*', plus: '+', comma: ',' },
  ...{ period: '.', sol: '/', colon: ':', semi: ';', equals: '=', quest: '?', commat: '@', lsqb: '[', lbrack: '[' },
  ...{ bsol: '\\', rsqb: ']', rbrack: ']', hat: '^', lowbar: '_', grave: '`', lcub: '{', lbrace: '{' },
  ...{ verbar: '|', vert: '|', rcub: '}', rbrace: '}', hyphen: '-', dash: '-', tilde: '~' },
};

/** Decodes escapes of URLs, JSON and HTML, layer by layer, in linear time. */
export function unescapeAll(text: string): string {
  let plain = text;
  for (let layer = 0; layer < MOST_LAYERS; layer++) {
    const before = plain;
    plain = unescapeHtml(unescapeJson(unescapeUrl(before)));
    if (plain === before) break;
  }
  return plain;
}

function unescapeUrl(text: string): string {
  return text.replace(/(?:%[0-9a-f]{2})+/gi, (escapes) => {
    const bytes = Buffer.from(escapes.replaceAll('%', ''), 'hex');
    const utf8 = bytes.toString('utf8');
    return utf8.includes('\ufffd') ? bytes.toString('latin1') : utf8;
  });
}

function unescapeJson(text: string): string {
  return text.replace(/\\(?:u([0-9a-f]{4})|x([0-9a-f]{2})|([bfnrt])|(["'\\/]))/gi, (_escape, ...groups: string[]) => {
    const [utf16, byte, control, itself] = groups;
    const code = utf16 ?? byte;
    if (code !== undefined) return String.fromCharCode(parseInt(code, 16));
    return control === undefined ? (itself as string) : ' ';
  });
}

function unescapeHtml(text: string): string {
  return text.replace(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z]{2,8}));?/gi, (escape, ...groups: string[]) => {
    const [decimal, hex, name] = groups;
    if (name !== undefined) return Object.hasOwn(ENTITIES, name.toLowerCase()) ? entity(name) : escape;
    const code = decimal === undefined ? parseInt(hex as string, 16) : Number(decimal);
    return code <= 0x10ffff ? String.fromCodePoint(code) : ' ';
  });
}

const entity = (name: string): string => ENTITIES[name.toLowerCase()] as string;
