import { Injectable } from '@nestjs/common';
import { Campaigns } from 'nestjs-oursms';
import {
  catchError,
  concat,
  defer,
  distinctUntilChanged,
  EMPTY,
  endWith,
  exhaustMap,
  filter,
  ignoreElements,
  interval,
  map,
  merge,
  takeUntil,
  takeWhile,
  throttleTime,
  type Observable,
} from 'rxjs';
import { DlrFeed } from '../reports/dlr-feed.js';
import { CampaignDesk, type CampaignView } from './campaign-desk.js';

/** Reports that come together are shown together. */
const SHOW_EVERY_MS = 500;
/** Another instance may have handled reports, and time makes some of them missing. */
const LOOK_EVERY_MS = 3_000;

/** Follows a campaign for the page: until its end, and then for as long as reports may come. */
@Injectable()
export class CampaignWatch {
  constructor(
    private readonly campaigns: Campaigns,
    private readonly desk: CampaignDesk,
    private readonly feed: DlrFeed,
  ) {}

  /** The campaign at once, then each time that something has changed. @throws {NotFoundException} when there is none */
  async follow(id: string): Promise<Observable<CampaignView>> {
    const campaign = await this.desk.get(id);
    const running = campaign.progress.pipe(map((progress) => this.desk.show(progress)));
    const over = defer(() => (campaign.snapshot().delivered === undefined ? EMPTY : this.#reportsOf(id)));
    return concat(running, over).pipe(
      distinctUntilChanged((one, other) => JSON.stringify(one) === JSON.stringify(other)),
    );
  }

  /** A campaign that is over, as its reports change it, until it is removed or the application stops. */
  #reportsOf(id: string): Observable<CampaignView> {
    const reports = this.feed.reports.pipe(filter(({ campaign }) => campaign === id));
    const stopped = this.feed.reports.pipe(ignoreElements(), endWith(true));
    return merge(reports, interval(LOOK_EVERY_MS)).pipe(
      throttleTime(SHOW_EVERY_MS, undefined, { leading: true, trailing: true }),
      // The store may be away for a while: the next look finds it again.
      exhaustMap(() => defer(() => this.campaigns.get(id)).pipe(catchError(() => EMPTY))),
      takeWhile((campaign) => campaign !== undefined),
      map((campaign) => this.desk.show(campaign.snapshot())),
      takeUntil(stopped),
    );
  }
}
