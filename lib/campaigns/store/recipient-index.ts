/** Bytes of an entry: 31 bits of the number, then 17 of the request. */
const ENTRY_BYTES = 6;
const REQUEST_BITS = 2 ** 17;
const NUMBER_BITS = 2 ** 31;

/** Upper bound of the recipients of an index: it takes some 380 kB of memory, and 8 characters for each recipient in the store. */
export const INDEXED_AT_ONCE = 64_000;

/** Digest of a number. It is unique among Saudi mobiles; numbers of other countries may share one. */
const digestOf = (number: string): number => Number(number.slice(-15)) % NUMBER_BITS;

/** Builds indexes from recipients to requests, for reports without an id. */
export class RecipientIndexWriter {
  #entries: Float64Array | undefined;
  #count = 0;
  #first = 0;

  /**
   * Adds the recipients of a request.
   *
   * @returns The text of the index before them, if it was full.
   */
  add(request: number, dests: readonly string[]): string | undefined {
    const full = this.#count + dests.length > INDEXED_AT_ONCE ? this.take() : undefined;
    if (this.#count === 0) this.#first = request;
    const entries = (this.#entries ??= new Float64Array(INDEXED_AT_ONCE));
    for (const dest of dests) entries[this.#count++] = digestOf(dest) * REQUEST_BITS + (request - this.#first);
    return full;
  }

  /** The text of the index of the recipients since the last one; undefined when there are none. */
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

  /** The requests that may be sent to a number. Some are not: different numbers can share a digest. */
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
