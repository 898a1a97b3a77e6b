import { accountPart } from '../../queue/key-part.js';
import type { CampaignKey } from './campaign-record.js';

/** A note on a campaign that is not over. */
export type OpenNote = 'facts' | 'ready' | 'cancel' | 'pause' | 'hold';

/** What is kept of the recipients of a campaign. */
export type CampaignList = 'chunk' | 'result' | 'invalid' | 'duplicate';

/** The names of what is kept of an account's campaigns. */
export class CampaignNames {
  private readonly account: string;

  constructor(account: string) {
    this.account = accountPart(account);
  }

  /** What the notes on all campaigns start with that are not over. */
  get allOpen(): string {
    return `${this.account}/campaigns/open/`;
  }

  /** What the records of all campaigns start with that are over. */
  get allOver(): string {
    return `${this.account}/campaigns/over/`;
  }

  /** What the notes on a campaign start with while it is not over. */
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

  queue({ id, run }: CampaignKey): string {
    return `${this.account}/campaign/${encodeURIComponent(id)}/${run}`;
  }

  /** What the names of all lists of an id start with. */
  listsOf(id: string): string {
    return `${this.account}/campaign/${encodeURIComponent(id)}/`;
  }

  /** What the names of a list start with; the rest is a number. */
  list({ id, run }: CampaignKey, list: CampaignList): string {
    return `${this.listsOf(id)}${run}/${list}/`;
  }

  /** What only one may do at a time: read the recipients; say that it is over, or is not any more. Or the turns of its rate. */
  right(id: string, to: 'intake' | 'end' | 'rate'): string {
    return `${this.listsOf(id)}${to}`;
  }
}

/** The number of a page of a list, in the order of names. */
export const pageNumber = (number: number): string => String(number).padStart(9, '0');

/** The number at the end of a name. */
export const pageNumberOf = (name: string): string => name.slice(name.lastIndexOf('/') + 1);
