import { gsmUnits } from './gsm-alphabet.js';

/** How a text travels: in the GSM 7-bit alphabet, or in 16-bit units when one character is outside of it. */
export type TextEncoding = 'GSM-7' | 'UCS-2';

/** What a text costs on the air. */
export interface TextDescription {
  /** The encoding that the text needs. One character outside GSM-7 (Arabic, an emoji, `’`) makes all of it UCS-2. */
  encoding: TextEncoding;
  /** How many parts (segments) the text is billed as, for each recipient. 0 for an empty text. */
  parts: number;
  /** Units used: 7-bit units in GSM-7 (extension characters count 2), UTF-16 units in UCS-2. */
  units: number;
  /** Units that still fit in the last part without starting another. */
  unitsLeft: number;
}

const LIMITS = {
  'GSM-7': { single: 160, multi: 153 },
  'UCS-2': { single: 70, multi: 67 },
} as const;

/**
 * Says how a text will be encoded and split into parts.
 *
 * GSM-7 holds 160 units in one part and 153 in each of several, UCS-2 70 and 67; a character of two units (the
 * extension table in GSM-7, a surrogate pair in UCS-2) never straddles two parts.
 *
 * @see 3GPP TS 23.038; 3GPP TS 23.040, 9.2.3.24.1 (concatenation)
 */
export function describeText(body: string): TextDescription {
  const units = gsmLength(body);
  return units === undefined
    ? split(body, 'UCS-2', body.length, surrogateUnits)
    : split(body, 'GSM-7', units, extensionUnits);
}

/** 7-bit units of the whole text, or undefined when one character is outside GSM-7. */
function gsmLength(body: string): number | undefined {
  let units = 0;
  for (let i = 0; i < body.length; i++) {
    const cost = gsmUnits(body.charCodeAt(i));
    if (cost === 0) return undefined;
    units += cost;
  }
  return units;
}

function split(
  body: string,
  encoding: TextEncoding,
  units: number,
  unitsAt: (body: string, index: number) => { units: number; codeUnits: number },
): TextDescription {
  const { single, multi } = LIMITS[encoding];
  if (units <= single) return { encoding, parts: body === '' ? 0 : 1, units, unitsLeft: single - units };
  let parts = 1;
  let used = 0;
  for (let i = 0; i < body.length;) {
    const character = unitsAt(body, i);
    if (used + character.units > multi) {
      parts += 1;
      used = 0;
    }
    used += character.units;
    i += character.codeUnits;
  }
  return { encoding, parts, units, unitsLeft: multi - used };
}

const extensionUnits = (body: string, index: number): { units: number; codeUnits: number } => ({
  units: gsmUnits(body.charCodeAt(index)),
  codeUnits: 1,
});

const surrogateUnits = (body: string, index: number): { units: number; codeUnits: number } => {
  const width = (body.codePointAt(index) ?? 0) > 0xffff ? 2 : 1;
  return { units: width, codeUnits: width };
};
