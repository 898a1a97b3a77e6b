import { gsmUnits } from './gsm-alphabet.js';

/** Encoding of a text: the GSM 7-bit alphabet, or 16-bit units when one character is not in that alphabet. */
export type TextEncoding = 'GSM-7' | 'UCS-2';

/** Encoding and parts (segments) of a text. */
export interface TextParts {
  encoding: TextEncoding;
  parts: number;
  units: number;
  unitsLeft: number;
  boundaries: number[];
}

const LIMITS = {
  'GSM-7': { single: 160, multi: 153 },
  'UCS-2': { single: 70, multi: 67 },
} as const;

/**
 * Splits a text into parts. `forcingFrom` is the index of its first character outside GSM-7, -1 when there is none
 * (`firstOutsideGsm`).
 *
 * @see 3GPP TS 23.038; 3GPP TS 23.040, 9.2.3.24.1 (concatenation)
 */
export function splitText(body: string, forcingFrom: number): TextParts {
  if (forcingFrom !== -1) return cut(body, 'UCS-2', body.length, nextOfUcs2);
  const units = gsmLength(body);
  return cut(body, 'GSM-7', units, units === body.length ? nextOfPlainGsm : nextOfExtendedGsm);
}

/** Number of parts of a text. */
export const countParts = (body: string): number => splitText(body, firstOutsideGsm(body)).parts;

/** Index of the first UTF-16 code unit outside GSM-7; -1 when all are in GSM-7. */
export function firstOutsideGsm(body: string): number {
  for (let i = 0; i < body.length; i++) {
    if (gsmUnits(body.charCodeAt(i)) === 0) return i;
  }
  return -1;
}

function gsmLength(body: string): number {
  let units = 0;
  for (let i = 0; i < body.length; i++) units += gsmUnits(body.charCodeAt(i));
  return units;
}

/** Finds the end of the part that starts at `start`, and its number of units. */
type NextPart = (body: string, start: number, limit: number) => { end: number; units: number };

function cut(body: string, encoding: TextEncoding, units: number, nextPart: NextPart): TextParts {
  const { single, multi } = LIMITS[encoding];
  if (units <= single) {
    return { encoding, parts: body === '' ? 0 : 1, units, unitsLeft: single - units, boundaries: [] };
  }
  const boundaries: number[] = [];
  let part = nextPart(body, 0, multi);
  while (part.end < body.length) {
    boundaries.push(part.end);
    part = nextPart(body, part.end, multi);
  }
  return { encoding, parts: boundaries.length + 1, units, unitsLeft: multi - part.units, boundaries };
}

// Only the end of a part can split a surrogate pair, so there is no need to scan the part.
const nextOfUcs2: NextPart = (body, start, limit) => {
  let end = Math.min(start + limit, body.length);
  if (end < body.length && isHighSurrogate(body.charCodeAt(end - 1)) && isLowSurrogate(body.charCodeAt(end))) end -= 1;
  return { end, units: end - start };
};

const nextOfPlainGsm: NextPart = (body, start, limit) => {
  const end = Math.min(start + limit, body.length);
  return { end, units: end - start };
};

const nextOfExtendedGsm: NextPart = (body, start, limit) => {
  let units = 0;
  let end = start;
  while (end < body.length) {
    const cost = gsmUnits(body.charCodeAt(end));
    if (units + cost > limit) break;
    units += cost;
    end += 1;
  }
  return { end, units };
};

/** Whether a UTF-16 code unit is the first half of a surrogate pair. */
export const isHighSurrogate = (code: number): boolean => code >= 0xd800 && code <= 0xdbff;

/** Whether a UTF-16 code unit is the second half of a surrogate pair. */
export const isLowSurrogate = (code: number): boolean => code >= 0xdc00 && code <= 0xdfff;
