import type { ForcingCharacter } from './forcing-characters.js';
import { withLazyForcing } from './lazy-forcing.js';
import { firstOutsideGsm, splitText, type TextEncoding } from './split-text.js';

/** Encoding and size of a text as SMS. */
export interface TextDescription {
  /** The encoding that the text needs. One character outside GSM-7 (Arabic, an emoji, `’`) makes all of it UCS-2. */
  encoding: TextEncoding;
  /** Number of parts (segments) billed for each recipient. 0 for an empty text. */
  parts: number;
  /** Units used: 7-bit units in GSM-7 (extension characters count 2), UTF-16 units in UCS-2. */
  units: number;
  /** Units left in the last part. */
  unitsLeft: number;
  /** Start of each part after the first, in UTF-16 code units (as in `body.slice`). */
  boundaries: number[];
  /**
   * The characters that make the text UCS-2, each once with all its positions, in the order of their first appearance;
   * empty in GSM-7. The list has at most one entry for each distinct character, and at most one position for
   * each character of the text.
   */
  forcing: ForcingCharacter[];
}

/**
 * Describes how a text is encoded and split into parts, and which characters make it more expensive.
 *
 * In GSM-7, a single part has 160 units and each of several parts has 153; in UCS-2, 70 and 67. A character of two units (the
 * extension table in GSM-7, a surrogate pair in UCS-2) is never split between two parts. Only `simplifyText` applies the
 * suggestions; sending never does.
 *
 * @see 3GPP TS 23.038; 3GPP TS 23.040, 9.2.3.24.1 (concatenation)
 */
export function describeText(body: string): TextDescription {
  const outside = firstOutsideGsm(body);
  const { encoding, parts, units, unitsLeft, boundaries } = splitText(body, outside);
  return outside === -1
    ? { encoding, parts, units, unitsLeft, boundaries, forcing: [] }
    : withLazyForcing({ encoding, parts, units, unitsLeft, boundaries }, body, outside);
}
