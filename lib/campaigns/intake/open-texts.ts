/** Recipients of a request, by the document. @see OurSMS HTTP API, "1. Send Message": `dests` */
export const CHUNK = 500;

/** Recipients who get the same text. */
export type Group = [text: string, dests: string[]];

/** How much is gathered at a time. */
export interface OpenTextsBounds {
  /** Texts whose recipients are gathered. */
  texts: number;
  /** Recipients of all of them. */
  numbers: number;
}

/** Some 20 MB at the most, with texts of one part: with more texts at a time, equal ones may come to several requests. */
const BOUNDS: OpenTextsBounds = { texts: 10_000, numbers: 200_000 };

/**
 * Gathers recipients by their texts, until there are enough for a request. What is in hand is bounded: when it is too much,
 * half of it goes out at once, so that each recipient costs little however many texts there are.
 */
export class OpenTexts {
  readonly #groups = new Map<string, string[]>();
  #numbers = 0;

  constructor(private readonly bounds = BOUNDS) {}

  /** Adds a recipient. @returns What is to be sent for now: a full request, or what makes room for the next. */
  add(text: string, number: string): Group[] | undefined {
    const dests = this.#groups.get(text);
    this.#numbers += 1;
    if (dests === undefined) this.#groups.set(text, [number]);
    else if (dests.push(number) === CHUNK) return [this.#take([text, dests])];
    const { texts, numbers } = this.bounds;
    if (this.#groups.size > texts) return this.#takeUntil(() => this.#groups.size <= texts / 2);
    if (this.#numbers > numbers) return this.#takeUntil(() => this.#numbers <= numbers / 2);
    return undefined;
  }

  /** Takes out all that is left. */
  takeAll(): Group[] {
    return this.#takeUntil(() => false);
  }

  /** The fullest first, which waste the least of a request; among equals the oldest. */
  #takeUntil(isEnough: () => boolean): Group[] {
    const taken: Group[] = [];
    for (const group of [...this.#groups].sort(([, one], [, other]) => other.length - one.length)) {
      if (isEnough()) break;
      taken.push(this.#take(group));
    }
    return taken;
  }

  #take(group: Group): Group {
    this.#groups.delete(group[0]);
    this.#numbers -= group[1].length;
    return group;
  }
}
