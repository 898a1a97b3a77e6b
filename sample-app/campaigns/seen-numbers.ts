const PAGE = 100_000;
const SAUDI_MOBILE = /^9665\d{8}$/;

/** Normalised numbers that were seen. Saudi mobiles take a bit each: a million of them fit where as many texts would not. */
export class SeenNumbers {
  readonly #pages = new Map<string, Uint8Array>();
  readonly #others = new Set<string>();

  /** @returns Whether the number was new. */
  add(number: string): boolean {
    if (!SAUDI_MOBILE.test(number)) return this.#others.size < this.#others.add(number).size;
    const pageName = number.slice(0, -5);
    const page = this.#pages.get(pageName) ?? new Uint8Array(PAGE / 8);
    this.#pages.set(pageName, page);
    const index = Number(number.slice(-5));
    const bit = 1 << (index & 7);
    const before = page[index >>> 3] ?? 0;
    page[index >>> 3] = before | bit;
    return (before & bit) === 0;
  }
}
