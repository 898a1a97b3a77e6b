import { maskNumber } from '../message/mask-number.js';
import { normalizeNumber, type NumberCountry } from '../message/normalize-number.js';

/** Maximum number of recipients of a request. @see OurSMS HTTP API, "1. Send Message": `dests` */
export const MAX_DESTS = 500;

/** Recipients in the form that the gateway takes, or their faults. */
interface Destinations {
  /** Normalised, in the order of their first appearance, without duplicates. */
  dests: string[];
  /** Number of inputs that repeat an earlier one. */
  skipped: number;
  /** Faults by position, at most 500; empty when there is none. Numbers are masked. */
  faults: { field: string; reason: string }[];
}

/** Reads the `dests` of a caller: an array of numbers, or the document's comma-separated string. */
export function readDestinations(value: unknown, country: NumberCountry): Destinations {
  const inputs: unknown = typeof value === 'string' ? splitList(value, country) : value;
  if (!Array.isArray(inputs))
    return failed("must be an array of strings, such as ['0501234567'], or a string separated by commas");
  const distinct = new Set<string>();
  const faults: Destinations['faults'] = [];
  let invalid = 0;
  // Not with forEach, which skips the empty slots of an array.
  for (const [position, input] of inputs.entries()) {
    const result = normalizeNumber(input as string, { country });
    if (result.ok) distinct.add(result.number);
    else if (++invalid <= MAX_DESTS)
      faults.push({ field: `dests[${position}]`, reason: reasonFor(input, result.reason) });
  }
  if (invalid > MAX_DESTS) faults.push({ field: 'dests', reason: `${invalid - MAX_DESTS} more are not numbers` });
  if (inputs.length === 0) return failed('must contain at least one number');
  if (distinct.size > MAX_DESTS) {
    return failed(`contains ${distinct.size} different numbers; a request takes at most ${MAX_DESTS}`);
  }
  return { dests: [...distinct], skipped: inputs.length - invalid - distinct.size, faults };
}

function splitList(text: string, country: NumberCountry): string[] {
  if (text.trim() === '') return [];
  // The comma in 501234567,0 is no separator.
  return normalizeNumber(text, { country }).ok ? [text] : text.split(/[,،]/).map((piece) => piece.trim());
}

function reasonFor(input: unknown, reason: string): string {
  if (typeof input !== 'string') return "must be a string, such as '0501234567'";
  if (input.trim() === '') return `is ${reason}`;
  // A mask shows only the ends.
  const ends = input.length > 48 ? input.slice(0, 24) + input.slice(-24) : input;
  return `"${maskNumber(ends.replace(/[^\d+]/gu, '*'))}" is ${reason}`;
}

const failed = (reason: string): Destinations => ({ dests: [], skipped: 0, faults: [{ field: 'dests', reason }] });
