import { gsmUnits } from './gsm-alphabet.js';
import { composedForGsm, simplerCharacter } from './simpler-characters.js';
import { isHighSurrogate, isLowSurrogate } from './split-text.js';

/** A character outside GSM-7, which makes the whole text UCS-2. */
export interface ForcingCharacter {
  /** The character; a letter with its combining mark where GSM-7 has the composed character (`e` + U+0301). */
  character: string;
  /** Positions in the text, in UTF-16 code units (as in `body.slice`), ascending. */
  positions: number[];
  /** Replacement of the same meaning that costs less or allows GSM-7; empty when the character can be removed. */
  suggestion?: string;
}

/** The distinct forcing characters of a text from index `from` on, in the order of their first appearance. */
export function forcingCharacters(body: string, from: number): ForcingCharacter[] {
  const found = new ForcingList();
  for (let i = from; i < body.length; i++) {
    const code = body.charCodeAt(i);
    if (gsmUnits(code) !== 0) continue;
    if (isHighSurrogate(code) && isLowSurrogate(body.charCodeAt(i + 1))) {
      found.add(body.codePointAt(i) ?? code, body, i, 2);
      i += 1;
      continue;
    }
    const composed = isCombiningMark(code) && i > 0 ? composedForGsm(body.slice(i - 1, i + 1)) : undefined;
    // The composed character is in GSM-7, so its code is not the key of another entry.
    if (composed !== undefined) found.add(composed.charCodeAt(0), body, i - 1, 2, composed);
    else found.add(code, body, i, 1);
  }
  return found.list();
}

class ForcingList {
  private readonly entries = new Map<number, ForcingCharacter>();
  private readonly forGsmOnly: { entry: ForcingCharacter; text: string }[] = [];
  private staysUcs2 = false;

  add(key: number, body: string, position: number, length: number, composed?: string): void {
    const known = this.entries.get(key);
    if (known) {
      known.positions.push(position);
      return;
    }
    const entry: ForcingCharacter = { character: body.slice(position, position + length), positions: [position] };
    this.entries.set(key, entry);
    if (composed === undefined) this.suggest(entry);
    else entry.suggestion = composed;
  }

  list(): ForcingCharacter[] {
    if (!this.staysUcs2) for (const { entry, text } of this.forGsmOnly) entry.suggestion = text;
    return [...this.entries.values()];
  }

  private suggest(entry: ForcingCharacter): void {
    const simpler = simplerCharacter(entry.character);
    if (!simpler || !startsInGsm(simpler.text)) this.staysUcs2 = true;
    if (simpler?.onlyForGsm) this.forGsmOnly.push({ entry, text: simpler.text });
    else if (simpler) entry.suggestion = simpler.text;
  }
}

const startsInGsm = (text: string): boolean => text === '' || gsmUnits(text.charCodeAt(0)) !== 0;
const isCombiningMark = (code: number): boolean => code >= 0x0300 && code <= 0x036f;
