/** Recipients of a request, by the document. @see OurSMS HTTP API, "1. Send Message": `dests` */
export const CHUNK = 500;

/** Recipients who get the same text. */
export type Group = [text: string, dests: string[]];

/** Upper bounds of {@link OpenTexts}. */
export interface OpenTextsBounds {
  /** Texts whose recipients are gathered. */
  texts: number;
  /** Recipients of all of them. */
  numbers: number;
}

/** At most some 20 MB with texts of one part. With more different texts, recipients of one text may be split over several requests. */
const BOUNDS: OpenTextsBounds = { texts: 10_000, numbers: 200_000 };

/**
 * Groups recipients by text until a request is full. Memory is bounded: at the bound half of the recipients leave at once, so that
 * the cost of a recipient does not grow with the number of texts.
 */
export class OpenTexts {
  readonly #groups = new Map<string, string[]>();
  #numbers = 0;

  constructor(private readonly bounds = BOUNDS) {}

  /** Adds a recipient. @returns A full request, or the groups that leave at the bound. */
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

  /** Removes and returns all groups. */
  takeAll(): Group[] {
    return this.#takeUntil(() => false);
  }

  /** Removes the fullest groups first, which make the fullest requests; among equals the oldest. */
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
