/** Recipients with the same text share a request, as many as that. */
const MOST_RECIPIENTS = 500;
/** Texts whose recipients are gathered at a time. */
const OPEN_TEXTS = 1_000;

/** Counts the requests that a campaign will take, about as the module makes them. */
export class RequestCount {
  #closed = 0;
  readonly #open = new Map<string, number>();

  get requests(): number {
    return this.#closed + this.#open.size;
  }

  /** Another recipient of this text. */
  add(text: string): void {
    const recipients = (this.#open.get(text) ?? 0) + 1;
    this.#open.set(text, recipients);
    const [oldest] = this.#open.size > OPEN_TEXTS ? this.#open.keys() : [];
    const full = recipients === MOST_RECIPIENTS ? text : oldest;
    if (full !== undefined && this.#open.delete(full)) this.#closed += 1;
  }
}
