import { readFile } from 'node:fs/promises';
import type { DlrGap } from 'nestjs-oursms';

/** What processes write down, each behind what was there. */
export interface Journal {
  /** The `msgId` of each report whose listener was done with it, as often as it was. */
  handled: string[];
  /** Those that were given up. */
  failed: string[];
  gap: DlrGap[];
  /** The downloads that are durable, as far as their process was told. */
  kept: string[];
  /** Downloads that could not be read, with the `msgId` of each whole report that was in what came. */
  unreadable: { id: string; receivedAt: string; whole: string[] }[];
}

/** Reads a journal; a missing file reads as empty. */
export async function readJournal(path: string): Promise<Journal> {
  const journal: Journal = { handled: [], failed: [], gap: [], kept: [], unreadable: [] };
  const text = await readFile(path, 'utf8').catch(() => '');
  for (const line of text.split('\n')) {
    const [kind, value] = parse(line);
    if (kind !== undefined) (journal[kind] as unknown[]).push(value);
  }
  return journal;
}

/** An entry; an empty one for a line that a kill cut short. */
function parse(line: string): [kind?: keyof Journal, value?: unknown] {
  try {
    return JSON.parse(line) as [keyof Journal, unknown];
  } catch {
    return [];
  }
}
