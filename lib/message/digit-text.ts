/** `000` to `999`. */
export const THREES = Array.from({ length: 1_000 }, (_, number) => String(number).padStart(3, '0'));

/** Collects digits one by one. It appends three at a time, because each append copies the text. */
export class DigitText {
  #text = '';
  #next = 0;
  #nextLength = 0;

  get length(): number {
    return this.#text.length + this.#nextLength;
  }

  add(digit: number): void {
    this.#next = this.#next * 10 + digit;
    this.#nextLength += 1;
    if (this.#nextLength < 3) return;
    this.#text += THREES[this.#next] as string;
    this.#next = 0;
    this.#nextLength = 0;
  }

  toString(): string {
    return this.#nextLength === 0 ? this.#text : this.#text + (THREES[this.#next] as string).slice(-this.#nextLength);
  }
}
