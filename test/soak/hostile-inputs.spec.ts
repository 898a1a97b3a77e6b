import { describe, expect, it } from '@jest/globals';
import { adviseMessage, describeText, normalizeNumber, simplifyText } from 'nestjs-oursms';
import { readDestinations } from '../../lib/dto/destinations.js';
import { TextTemplate } from '../../lib/campaigns/intake/text-template.js';
import { CsvReader } from '../../sample-app/campaigns/csv-reader.js';
import { ListColumns } from '../../sample-app/campaigns/list-columns.js';
import { TextFields } from '../../sample-app/campaigns/text-fields.js';

const LENGTH = 262_144;

/** Each is repeated to LENGTH characters: a reader of quadratic time exceeds the test timeout. */
const PIECES: [what: string, piece: string][] = [
  ['marks in no order', '\u0315\u0300'],
  ['Arabic marks in no order', '\u0651\u064b'],
  ['letters with marks', 'e\u0301'],
  ['tatweel', '\u0640'],
  ['tatweel behind a letter', 'ه\u0640'],
  ['presentation forms', '\ufefb'],
  ['full-width letters', 'Ａ'],
  ['invisible characters', '\u200f'],
  ['white space', ' '],
  ['line breaks', '\r\n'],
  ['digits', '1'],
  ['digits with dots between', '1.'],
  ['digits with dashes between', '1-'],
  ['digits with spaces between', '1 '],
  ['zeros in brackets', '(0)'],
  ['opening brackets', '('],
  ['zeros behind commas', ',0'],
  ['apostrophes', "'"],
  ['formulas', '="'],
  ['exponents', '1e'],
  ['quotes', '"'],
  ['opening braces', '{'],
  ['names in braces that are not closed', '{a'],
  ['fields', '{a}'],
  ['one-time codes', '1234 '],
  ['links', 'a.'],
  ['schemes', '://'],
  ['the mark of promotional senders', '-ad'],
  ['numbers', '0501234567,'],
];

/** Endings that make a regular expression backtrack over everything it has matched. */
const ENDS = ['x', '1'];

const READERS: [what: string, read: (text: string) => unknown][] = [
  ['describeText', describeText],
  ['simplifyText', simplifyText],
  ['simplifyText of a text that begins with a letter', (text) => simplifyText(`a${text}ب`)],
  ['adviseMessage', (text) => adviseMessage({ src: text, body: `your code 1234 ${text}` })],
  ['normalizeNumber', (text) => normalizeNumber(text, { country: 'any' })],
  ['normalizeNumber of what begins as a number', (text) => normalizeNumber(`+966 50${text}`)],
  ['normalizeNumber of a formula', (text) => normalizeNumber(`="${text}"`)],
  ['readDestinations', (text) => readDestinations(text, 'any')],
  ['readDestinations of an array', (text) => readDestinations([text, text], 'SA')],
  ['the text of a campaign', (text) => new TextTemplate(text).render({ a: 'x' })],
  ['the fields of a text', (text) => new TextFields(text).names],
  ['a list', readCsv],
];

describe.each(PIECES)('a quarter of a million characters of %s', (_what, piece) => {
  it.each(READERS)('are processed before the test timeout by %s', (_reader, read) => {
    const text = piece.repeat(Math.ceil(LENGTH / piece.length));
    for (const end of ENDS) expect(() => read(text + end)).not.toThrow();
  });
});

function readCsv(text: string): void {
  const reader = new CsvReader();
  try {
    for (let at = 0; at < text.length; at += 65_536) {
      for (const { cells } of reader.read(text.slice(at, at + 65_536)))
        new ListColumns(cells, [cells]).recipients(cells);
    }
    for (const { cells } of reader.end()) new ListColumns(cells, [cells]).recipients(cells);
  } catch (error) {
    if ((error as Error).name !== 'CsvFault') throw error;
  }
}
