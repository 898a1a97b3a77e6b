import {
  describeText,
  normalizeNumber,
  type CampaignLeftOut,
  type CampaignMessage,
  type Campaigns,
  type SendEstimate,
  type TextDescription,
} from 'nestjs-oursms';
import { maskInput, maskNumber } from '../inbox/mask-number.js';
import type { ListedFields } from './list-columns.js';
import type { ListPiece } from './read-list.js';
import { TextFields } from './text-fields.js';

/** Invalid recipients that are named. */
const NAMED = 10;
/** Texts whose parts are remembered. */
const REMEMBERED = 1_000;

/** What a list and a text come to, before anything is sent. */
export interface ListCheck {
  /** The column that the numbers come from; absent when each cell is a number of its own. */
  numberColumn?: string | undefined;
  /** The line that was read as the names of the columns; absent when none was. */
  headerLine?: number | undefined;
  /** Recipients of the list. */
  total: number;
  /** Different numbers that will get a message. */
  valid: number;
  invalid: number;
  duplicate: number;
  /** The first invalid ones, masked: where they stand and why they are invalid. */
  faults: { line: number; dest: string; reason: string }[];
  /** Fields in the text that no column of the list has: no message can be made then. */
  unknownFields: string[];
  /** Parts of all messages. */
  parts: number;
  /** The fewest and the most parts of a message. */
  partsEach: { least: number; most: number };
  /** Messages that travel in 16-bit units. */
  unicode: number;
  /** How many of them do so only because of a field, by its name. */
  unicodeFields: Record<string, number>;
  /** Requests to the gateway. */
  requests: number;
  /** The text of the first valid recipient. */
  example?: { dest: string; text: string };
}

/** A {@link ListCheck}, and what the account says to it. */
export interface CampaignCheck extends ListCheck, Pick<SendEstimate, 'text' | 'credits' | 'sufficient' | 'advice'> {}

/** Asks the module what a campaign to the recipients of a list comes to, and looks at each of them on the way. */
export async function checkCampaign(
  campaigns: Campaigns,
  message: CampaignMessage & { body: string },
  list: AsyncIterable<ListPiece>,
): Promise<ListCheck & Pick<CampaignCheck, 'credits' | 'sufficient'>> {
  const checker = new ListChecker(message.body);
  const { recipients: valid, ...estimate } = await campaigns.estimate(
    { message, recipients: checker.watch(list) },
    (input) => checker.leave(input),
  );
  return { ...estimate, valid, ...checker.seen };
}

type Seen = Pick<
  ListCheck,
  'numberColumn' | 'headerLine' | 'faults' | 'unknownFields' | 'partsEach' | 'unicode' | 'unicodeFields' | 'example'
>;

class ListChecker {
  readonly seen: Seen = {
    faults: [],
    unknownFields: [],
    partsEach: { least: 0, most: 0 },
    unicode: 0,
    unicodeFields: {},
  };
  readonly #text: TextFields;
  readonly #isDearAnyway: boolean;
  readonly #describe = remembering(describeText);
  /** The recipient that the module looks at. */
  #line = 0;
  #isLeft = false;

  constructor(body: string) {
    this.#text = new TextFields(body);
    this.#isDearAnyway = describeText(body).encoding === 'UCS-2';
  }

  /** The recipients of a list; each is counted, unless it was left out, when the next one is asked for. */
  async *watch(list: AsyncIterable<ListPiece>): AsyncIterable<ListedFields> {
    for await (const { columns, headerLine, records } of list) {
      this.seen.numberColumn = columns.numberColumn;
      this.seen.headerLine = headerLine;
      this.seen.unknownFields = this.#text.names.filter((name) => name !== 'dest' && !columns.names.includes(name));
      for (const { line, cells } of records) {
        this.#line = line;
        for (const fields of columns.recipients(cells)) {
          this.#isLeft = false;
          yield fields;
          if (!this.#isLeft) this.#count(fields);
        }
      }
    }
  }

  leave({ fate, dest, reason = '' }: CampaignLeftOut): void {
    const { faults } = this.seen;
    this.#isLeft = true;
    if (fate === 'duplicate' || faults.length === NAMED) return;
    faults.push({ line: this.#line, dest: maskInput(dest), reason });
  }

  #count(fields: ListedFields): void {
    const { seen } = this;
    const text = this.#text.fill(fields);
    const { parts, encoding } = this.#describe(text);
    const { least, most } = seen.partsEach;
    seen.partsEach = { least: most === 0 ? parts : Math.min(least, parts), most: Math.max(most, parts) };
    seen.example ??= { dest: maskNumber(normalized(fields.dest)), text };
    if (encoding === 'GSM-7') return;
    seen.unicode += 1;
    for (const name of this.#isDearAnyway ? [] : this.#text.dear(fields)) {
      // A field may be called as something that every object has.
      const times = Object.hasOwn(seen.unicodeFields, name) ? (seen.unicodeFields[name] ?? 0) : 0;
      seen.unicodeFields[name] = times + 1;
    }
  }
}

function normalized(dest: string): string {
  const found = normalizeNumber(dest);
  return found.ok ? found.number : dest;
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
