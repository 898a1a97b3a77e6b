import type { NoteChange } from '../queue/durable-queue.js';
import type { CandidateSource } from './candidate.js';

/** Makes the change of a note that counts messages which are found missing now. */
export type CountMissing = (messages: number) => Promise<NoteChange>;

/** The messages of campaigns. */
export interface CampaignMessages extends CandidateSource {
  /**
   * Announces missing reports.
   *
   * @param mayGoOn Rejects when another instance does it.
   * @param count Makes the change that counts messages, to be written together with the note that they were announced.
   */
  announceMissing(mayGoOn: () => Promise<void>, count: CountMissing): Promise<void>;
  stop(): Promise<void>;
}
