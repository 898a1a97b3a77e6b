import type { NoteChange } from '../queue/durable-queue.js';
import type { RedisKeys } from './redis-keys.js';
import type { RedisLink } from './redis-link.js';

/** Notes that are read at a time. */
const NOTES_AT_ONCE = 200;

/** Changes of notes as the scripts take them. */
export const noteArguments = (changes: readonly NoteChange[]): string[] =>
  changes.flatMap(({ name, text }) => [name, text === undefined ? '0' : '1', text ?? '']);

/** The notes of an engine. */
export class RedisNotes {
  constructor(
    private readonly link: RedisLink,
    private readonly keys: RedisKeys,
  ) {}

  /** Changes notes, all at once. */
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

  /** The notes whose name starts with a prefix, by name, read as they are asked for. @param after Only those behind this name. */
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
        // Forgotten in between.
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

/** Above every name that starts like this: no byte of UTF-8 is as high. */
const endOf = (prefix: string): Buffer => Buffer.concat([Buffer.from(`[${prefix}`), Buffer.from([0xff])]);
