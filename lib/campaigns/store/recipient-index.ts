/** Bytes of an entry: 31 bits of the number, then 17 of the request. */
const ENTRY_BYTES = 6;
const REQUEST_BITS = 2 ** 17;
const NUMBER_BITS = 2 ** 31;

/** Recipients of an index at the most: it takes some 380 kB in memory, and 8 characters for each recipient in the store. */
export const INDEXED_AT_ONCE = 64_000;

/** Of a number. Saudi mobiles all differ in it; of others, several may have the same. */
const digestOf = (number: string): number => Number(number.slice(-15)) % NUMBER_BITS;

/** Gathers which recipient is in which request, to find the request of a report that has no id. */
export class RecipientIndexWriter {
  #entries: Float64Array | undefined;
  #count = 0;
  #first = 0;

  /**
   * Adds the recipients of a request.
   *
   * @returns An index that is full, as text, without these.
   */
  add(request: number, dests: readonly string[]): string | undefined {
    const full = this.#count + dests.length > INDEXED_AT_ONCE ? this.take() : undefined;
    if (this.#count === 0) this.#first = request;
    const entries = (this.#entries ??= new Float64Array(INDEXED_AT_ONCE));
    for (const dest of dests) entries[this.#count++] = digestOf(dest) * REQUEST_BITS + (request - this.#first);
    return full;
  }

  /** The index of what was added, as text; undefined when nothing was. */
  take(): string | undefined {
    if (this.#entries === undefined || this.#count === 0) return undefined;
    const sorted = this.#entries.subarray(0, this.#count).sort();
    const bytes = Buffer.allocUnsafe(sorted.length * ENTRY_BYTES);
    for (const [i, entry] of sorted.entries()) bytes.writeUIntBE(entry, i * ENTRY_BYTES, ENTRY_BYTES);
    this.#count = 0;
    return `${this.#first} ${bytes.toString('base64')}`;
  }
}

/** Finds the requests that a number may be in. */
export class RecipientIndex {
  readonly #first: number;
  readonly #bytes: Buffer;

  constructor(text: string) {
    const space = text.indexOf(' ');
    this.#first = Number(text.slice(0, space));
    this.#bytes = Buffer.from(text.slice(space + 1), 'base64');
  }

  /** The requests that may have a number among their recipients, and often one that has not. */
  requestsOf(number: string): number[] {
    const digest = digestOf(number);
    const bytes = this.#bytes;
    const count = bytes.length / ENTRY_BYTES;
    const entryAt = (i: number): number => bytes.readUIntBE(i * ENTRY_BYTES, ENTRY_BYTES);
    let [low, high] = [0, count];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (entryAt(middle) < digest * REQUEST_BITS) low = middle + 1;
      else high = middle;
    }
    const found: number[] = [];
    for (let i = low; i < count && Math.floor(entryAt(i) / REQUEST_BITS) === digest; i++) {
      found.push(this.#first + (entryAt(i) % REQUEST_BITS));
    }
    return found;
  }
}
