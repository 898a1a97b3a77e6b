import type { NoteChange } from '../queue/durable-queue.js';
import type { RedisKeys } from './redis-keys.js';
import type { RedisLink } from './redis-link.js';

/** Notes that are read with one command. */
const NOTES_AT_ONCE = 200;

/** Changes of notes as arguments of the scripts. */
export const noteArguments = (changes: readonly NoteChange[]): string[] =>
  changes.flatMap(({ name, text }) => [name, text === undefined ? '0' : '1', text ?? '']);

/** The notes of an engine. */
export class RedisNotes {
  constructor(
    private readonly link: RedisLink,
    private readonly keys: RedisKeys,
  ) {}

  /** Changes notes atomically. */
  async change(...changes: NoteChange[]): Promise<void> {
    await this.link.script('oursms:note', this.keys.noteNames, this.keys.noteTexts, ...noteArguments(changes));
  }

  /** The text of a note; undefined when there is none of this name. */
  async read(name: string): Promise<string | undefined> {
    return (await this.link.run((redis) => redis.hget(this.keys.noteTexts, name))) ?? undefined;
  }

  /** The texts of notes, in the order of their names. */
  async readMany(names: readonly string[]): Promise<(string | undefined)[]> {
    if (names.length === 0) return [];
    const texts = await this.link.run((redis) => redis.hmget(this.keys.noteTexts, ...names));
    return texts.map((text) => text ?? undefined);
  }

  /** The notes whose names start with a prefix, by name, read page by page. @param after Only notes behind this name. */
  async *all(prefix: string, after?: string): AsyncIterable<{ name: string; text: string }> {
    const { noteNames, noteTexts } = this.keys;
    const end = endOf(prefix);
    for (let from = after === undefined ? `[${prefix}` : `(${after}`; ;) {
      const start = from;
      const names = await this.link.run((redis) => redis.zrangebylex(noteNames, start, end, 'LIMIT', 0, NOTES_AT_ONCE));
      if (names.length === 0) return;
      const texts = await this.link.run((redis) => redis.hmget(noteTexts, ...names));
      for (const [index, name] of names.entries()) {
        const text = texts[index];
        // Deleted in between.
        if (text != null) yield { name, text };
      }
      if (names.length < NOTES_AT_ONCE) return;
      from = `(${names.at(-1)}`;
    }
  }

  /** How many notes have a name that starts with a prefix. */
  count(prefix: string): Promise<number> {
    return this.link.run((redis) => redis.zlexcount(this.keys.noteNames, `[${prefix}`, endOf(prefix)));
  }
}

/** Upper bound of the names with this prefix: the byte 0xff never occurs in UTF-8. */
const endOf = (prefix: string): Buffer => Buffer.concat([Buffer.from(`[${prefix}`), Buffer.from([0xff])]);
