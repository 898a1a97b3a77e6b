import { isRecord, toNumber } from './parse-json.js';

/** More fields than any answer has. In a larger object only the exact name is found. */
const MOST_FIELDS = 1_000;

/** Reads the fields of an answer by name, ignoring case and underscores: `msgId`, `MsgId`, `msg_id`. */
export class FieldReader {
  readonly #record: Record<string, unknown>;
  #folded: Map<string, unknown> | undefined;

  /** @param value A JSON object; anything else has no fields. */
  constructor(value: unknown) {
    this.#record = isRecord(value) ? value : {};
  }

  /** The first of these fields that is neither absent nor null. */
  first(...names: string[]): unknown {
    for (const name of names) {
      const value = this.#get(name);
      if (value !== undefined && value !== null) return value;
    }
    return undefined;
  }

  /** A field as trimmed text; undefined when it is blank, or neither a string nor a number. */
  text(...names: string[]): string | undefined {
    const value = this.first(...names);
    if (typeof value === 'number') return String(value);
    return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined;
  }

  /** A field as a number; undefined when it is neither a number nor a numeric string. */
  number(...names: string[]): number | undefined {
    return toNumber(this.first(...names));
  }

  #get(name: string): unknown {
    if (Object.hasOwn(this.#record, name)) return this.#record[name];
    this.#folded ??= this.#fold();
    return this.#folded.get(fold(name));
  }

  #fold(): Map<string, unknown> {
    const names = Object.keys(this.#record);
    return new Map(names.length > MOST_FIELDS ? [] : names.map((own) => [fold(own), this.#record[own]]));
  }
}

/** A name without its case and underscores. */
export const fold = (name: string): string => name.toLowerCase().replaceAll('_', '');
