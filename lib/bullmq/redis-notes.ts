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

  /** The notes whose name starts with a prefix, by name, read as they are asked for. */
  async *all(prefix: string): AsyncIterable<{ name: string; text: string }> {
    const { noteNames, noteTexts } = this.keys;
    for (let last = ''; ;) {
      const page = await this.link.script<[string, string][]>(
        'oursms:notes',
        noteNames,
        noteTexts,
        prefix,
        last,
        NOTES_AT_ONCE,
      );
      for (const [name, text] of page) yield { name, text };
      if (page.length < NOTES_AT_ONCE) return;
      last = (page.at(-1) as [string, string])[0];
    }
  }
}
