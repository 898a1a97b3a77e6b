import { describeText, normalizeNumber, type SendEstimate, type TextDescription } from 'nestjs-oursms';
import { maskNumber } from '../inbox/mask-number.js';
import type { ListedFields } from './list-columns.js';
import type { ListPiece } from './read-list.js';
import { RequestCount } from './request-count.js';
import { SeenNumbers } from './seen-numbers.js';
import { TextFields } from './text-fields.js';

/** Invalid recipients that are named. */
const NAMED = 10;
/** Texts whose parts are remembered. */
const REMEMBERED = 1_000;

/** What a list and a text come to, before anything is sent. */
export interface ListCheck {
  /** Recipients of the list. */
  total: number;
  /** Different numbers that will get a message. */
  valid: number;
  invalid: number;
  duplicate: number;
  /** The first invalid ones, masked: where they stand and why they are invalid. */
  faults: { line: number; dest: string; reason: string }[];
  /** Parts of all messages. */
  parts: number;
  /** The fewest and the most parts of a message. */
  partsEach: { least: number; most: number };
  /** Messages that travel in 16-bit units. */
  unicode: number;
  /** How many of them do so only because of a field, by its name. */
  unicodeFields: Record<string, number>;
  /** Requests to the gateway, about. */
  requests: number;
  /** The text of the first valid recipient. */
  example?: { dest: string; text: string };
}

/** A {@link ListCheck}, and what the account says to it. */
export interface CampaignCheck extends ListCheck, Pick<SendEstimate, 'text' | 'credits' | 'sufficient' | 'advice'> {}

/** Looks at each recipient of a list as the campaign will. Sends nothing. */
export async function checkList(list: AsyncIterable<ListPiece>, body: string): Promise<ListCheck> {
  const checker = new ListChecker(body);
  for await (const { columns, records } of list) {
    for (const { line, cells } of records) checker.take(line, columns.recipient(cells));
  }
  return checker.check;
}

class ListChecker {
  readonly #check: ListCheck = {
    ...{ total: 0, valid: 0, invalid: 0, duplicate: 0, faults: [], parts: 0, requests: 0 },
    ...{ partsEach: { least: 0, most: 0 }, unicode: 0, unicodeFields: {} },
  };
  readonly #text: TextFields;
  readonly #isDearAnyway: boolean;
  readonly #seen = new SeenNumbers();
  readonly #requests = new RequestCount();
  readonly #describe = remembering(describeText);

  constructor(body: string) {
    this.#text = new TextFields(body);
    this.#isDearAnyway = describeText(body).encoding === 'UCS-2';
  }

  get check(): ListCheck {
    return { ...this.#check, requests: this.#requests.requests };
  }

  take(line: number, fields: ListedFields): void {
    this.#check.total += 1;
    const number = normalizeNumber(fields.dest);
    if (!number.ok) return this.#leave(line, fields, number.reason);
    const filled = this.#text.fill(fields);
    if (!filled.ok) return this.#leave(line, fields, filled.reason);
    if (this.#seen.add(number.number)) this.#count(number.number, filled.text, fields);
    else this.#check.duplicate += 1;
  }

  #leave(line: number, { dest }: ListedFields, reason: string): void {
    const { faults } = this.#check;
    this.#check.invalid += 1;
    if (faults.length < NAMED) faults.push({ line, dest: maskNumber(dest.slice(0, 40)), reason });
  }

  #count(number: string, text: string, fields: ListedFields): void {
    const check = this.#check;
    const { parts, encoding } = this.#describe(text);
    const { least, most } = check.partsEach;
    check.partsEach = { least: check.valid === 0 ? parts : Math.min(least, parts), most: Math.max(most, parts) };
    check.valid += 1;
    check.parts += parts;
    check.example ??= { dest: maskNumber(number), text };
    this.#requests.add(text);
    if (encoding === 'GSM-7') return;
    check.unicode += 1;
    for (const name of this.#isDearAnyway ? [] : this.#text.dear(fields)) {
      // A field may be called as something that every object has.
      const times = Object.hasOwn(check.unicodeFields, name) ? (check.unicodeFields[name] ?? 0) : 0;
      check.unicodeFields[name] = times + 1;
    }
  }
}

function remembering(describe: (text: string) => TextDescription): (text: string) => TextDescription {
  const known = new Map<string, TextDescription>();
  return (text) => {
    const before = known.get(text);
    if (before) return before;
    if (known.size > REMEMBERED) known.clear();
    const found = describe(text);
    known.set(text, found);
    return found;
  };
}
