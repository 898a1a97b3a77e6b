import { describeText, normalizeNumber, type SendEstimate, type TextDescription } from 'nestjs-oursms';
import { maskNumber } from '../inbox/mask-number.js';
import type { ListedRecipient } from './read-list.js';
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
export async function checkList(recipients: AsyncIterable<ListedRecipient>, body: string): Promise<ListCheck> {
  const text = new TextFields(body);
  const isDearAnyway = describeText(body).encoding === 'UCS-2';
  const seen = new SeenNumbers();
  const requests = new RequestCount();
  const describe = remembering(describeText);
  const check: ListCheck = {
    ...{ total: 0, valid: 0, invalid: 0, duplicate: 0, faults: [], parts: 0, requests: 0 },
    partsEach: { least: Infinity, most: 0 },
    ...{ unicode: 0, unicodeFields: {} },
  };
  for await (const { line, fields } of recipients) {
    check.total += 1;
    const number = normalizeNumber(fields.dest);
    const filled = text.fill(fields);
    if (!number.ok || !filled.ok) {
      check.invalid += 1;
      const reason = number.ok ? (filled.ok ? '' : filled.reason) : number.reason;
      if (check.faults.length < NAMED) check.faults.push({ line, dest: maskNumber(fields.dest.slice(0, 40)), reason });
    } else if (!seen.add(number.number)) {
      check.duplicate += 1;
    } else {
      check.valid += 1;
      check.example ??= { dest: maskNumber(number.number), text: filled.text };
      const { parts, encoding } = describe(filled.text);
      check.parts += parts;
      check.partsEach = { least: Math.min(check.partsEach.least, parts), most: Math.max(check.partsEach.most, parts) };
      requests.add(filled.text);
      if (encoding === 'GSM-7') continue;
      check.unicode += 1;
      for (const name of isDearAnyway ? [] : text.dear(fields)) {
        check.unicodeFields[name] = (check.unicodeFields[name] ?? 0) + 1;
      }
    }
  }
  if (check.valid === 0) check.partsEach.least = 0;
  return { ...check, requests: requests.requests };
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
