const PAGE_BITS = 65_536;
/** Numbers of eight digits: Saudi mobiles differ in their last eight. */
const MOBILES = 100_000_000;
const ZERO = '0'.charCodeAt(0);

/**
 * A set of normalised numbers. A Saudi mobile takes one bit: all hundred million of them take 12.5 MB, while a `Set` of a million
 * strings takes more than 100 MB.
 */
export class RecipientSet {
  readonly #pages: (Uint32Array | undefined)[] = new Array(Math.ceil(MOBILES / PAGE_BITS));
  readonly #others = new Set<string>();

  /** Adds a normalised number. @returns Whether it was new. */
  add(number: string): boolean {
    // A normalised number is digits only.
    if (number.length !== 12 || !number.startsWith('9665')) {
      const before = this.#others.size;
      return this.#others.add(number).size > before;
    }
    let index = 0;
    for (let at = 4; at < 12; at += 1) index = index * 10 + number.charCodeAt(at) - ZERO;
    const pageNumber = Math.trunc(index / PAGE_BITS);
    const page = (this.#pages[pageNumber] ??= new Uint32Array(PAGE_BITS / 32));
    const word = (index & (PAGE_BITS - 1)) >>> 5;
    const bit = 1 << (index & 31);
    const isNew = ((page[word] as number) & bit) === 0;
    page[word] = (page[word] as number) | bit;
    return isNew;
  }
}
