import type { NoteChange } from '../queue/durable-queue.js';
import type { CandidateSource } from './candidate.js';

/** Returns the change that adds missing messages to the count of the last hour. */
export type CountMissing = (messages: number) => Promise<NoteChange>;

/** The messages of an account's campaigns, which have records of their own. */
export interface CampaignMessages extends CandidateSource {
  /**
   * Announces messages without a final report.
   *
   * @param checkLock Rejects when this instance has lost the lock of the search.
   * @param count Its change is written together with the note that the messages were announced.
   */
  announceMissing(checkLock: () => Promise<void>, count: CountMissing): Promise<void>;
  stop(): Promise<void>;
}
