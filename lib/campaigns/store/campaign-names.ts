import { hash } from 'node:crypto';
import { accountPart } from '../../queue/key-part.js';
import type { CampaignKey } from './campaign-record.js';

/** A note on an unfinished campaign. */
export type OpenNote = 'facts' | 'ready' | 'cancel' | 'pause' | 'hold';

/** Lists of a campaign in the store. */
export type CampaignList = 'chunk' | 'result' | 'invalid' | 'duplicate' | 'index' | 'dlr';

/** Names, in the store, of everything about an account's campaigns. */
export class CampaignNames {
  private readonly account: string;

  constructor(account: string) {
    this.account = accountPart(account);
  }

  /** Prefix of the notes on all unfinished campaigns. */
  get allOpen(): string {
    return `${this.account}/campaigns/open/`;
  }

  /** Prefix of the records of all finished campaigns. */
  get allOver(): string {
    return `${this.account}/campaigns/over/`;
  }

  /** Prefix of the notes on an unfinished campaign. */
  openOf(id: string): string {
    return `${this.allOpen}${encodeURIComponent(id)}/`;
  }

  open({ id, run }: CampaignKey, note: OpenNote): string {
    return `${this.openOf(id)}${run}/${note}`;
  }

  over(id: string): string {
    return this.allOver + encodeURIComponent(id);
  }

  /** The report of a campaign that was removed. */
  removed({ id, run }: CampaignKey): string {
    return `${this.account}/campaigns/removed/${encodeURIComponent(id)}/${run}`;
  }

  /** Prefix of the notes on tracked campaigns. */
  get allTracked(): string {
    return `${this.account}/campaigns/tracked/`;
  }

  tracked({ id, run }: CampaignKey): string {
    return `${this.allTracked}${encodeURIComponent(id)}/${run}`;
  }

  /** The request of an id of the gateway. */
  job(jobId: string): string {
    return `${this.account}/campaigns/job/${hash('sha256', jobId, 'base64url').slice(0, 16)}`;
  }

  /** Lock on a slot for writing delivery statuses: only one process writes under its number. */
  writer(slot: number): string {
    return `${this.account}/campaigns/writer/${slot}`;
  }

  queue({ id, run }: CampaignKey): string {
    return `${this.account}/campaign/${encodeURIComponent(id)}/${run}`;
  }

  /** Prefix of all lists of an id. */
  listsOf(id: string): string {
    return `${this.account}/campaign/${encodeURIComponent(id)}/`;
  }

  /** Prefix of a list; the rest of each name is a number. */
  list({ id, run }: CampaignKey, list: CampaignList): string {
    return `${this.listsOf(id)}${run}/${list}/`;
  }

  /** Name of an exclusive lock (`intake`: read the recipients; `end`: end or reopen it), or of the turns of its rate. */
  lock(id: string, to: 'intake' | 'end' | 'rate'): string {
    return `${this.listsOf(id)}${to}`;
  }
}

/** The number of a page of a list, in the order of names. */
export const pageNumber = (number: number): string => String(number).padStart(9, '0');

/** The number at the end of a name. */
export const pageNumberOf = (name: string): string => name.slice(name.lastIndexOf('/') + 1);
