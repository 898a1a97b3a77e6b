import { Injectable, NotFoundException } from '@nestjs/common';
import { Campaigns, OurSmsService, type Campaign, type CampaignProgress } from 'nestjs-oursms';
import { DeliveryCounts, type Deliveries } from '../reports/delivery-counts.js';
import { checkCampaign, type CampaignCheck } from './check-campaign.js';
import type { CheckCampaignDto, StartCampaignDto } from './campaign.dto.js';
import { ListStore } from './list-store.js';
import type { ListedFields } from './list-columns.js';

/** Stands for the recipients while the message alone is checked. */
const ANY_NUMBER = '966500000000';

/** A campaign as it is shown. */
export interface CampaignView extends CampaignProgress {
  /** Its final reports over time; absent in a list, and before the first one. */
  deliveries?: Deliveries;
}

/** A campaign that someone wanted to start. */
export interface StartedCampaign extends CampaignView {
  /** Whether it was started now: not when there is one of this id already, which goes on as it is. */
  isNew: boolean;
}

/** What the page does with campaigns. */
@Injectable()
export class CampaignDesk {
  constructor(
    private readonly campaigns: Campaigns,
    private readonly oursms: OurSmsService,
    private readonly lists: ListStore,
    private readonly counts: DeliveryCounts,
  ) {}

  /** What a list and a message come to. Nothing is sent. @throws {OurSmsValidationError} for a faulty message */
  async check({ list, message }: CheckCampaignDto): Promise<CampaignCheck> {
    const { text, advice } = await this.oursms.estimate({ ...message, dests: [ANY_NUMBER] });
    return { ...(await checkCampaign(this.campaigns, { ...message }, this.lists.read(list))), text, advice };
  }

  /** Resolves when its recipients are durable; the list is deleted then. @throws {OurSmsValidationError} for a faulty plan */
  async start({ id, list, message, rate }: StartCampaignDto): Promise<StartedCampaign> {
    let isNew = false;
    const { lists, counts } = this;
    async function* recipients(): AsyncIterable<ListedFields> {
      isNew = true;
      counts.forget(id);
      for await (const { columns, records } of lists.read(list)) {
        for (const { cells } of records) yield* columns.recipients(cells);
      }
    }
    const campaign = await this.campaigns.start({ id, message: { ...message }, rate, recipients: recipients() });
    if (isNew) await this.lists.remove(list);
    return { ...campaign.snapshot(), isNew };
  }

  /** Those that run or are paused, then those that are over, the latest first. */
  async list(): Promise<CampaignView[]> {
    const views = await this.campaigns.list();
    const key = ({ finishedAt = '9', id }: CampaignView): string => `${finishedAt} ${id}`;
    return views.sort((one, other) => (key(one) < key(other) ? 1 : -1));
  }

  /** @throws {NotFoundException} when there is none of this id */
  async get(id: string): Promise<Campaign> {
    const campaign = await this.campaigns.get(id);
    if (campaign === undefined) throw new NotFoundException(`No campaign has the id ${id.slice(0, 40)}.`);
    return campaign;
  }

  /** How far a campaign is. @throws {NotFoundException} */
  async view(id: string): Promise<CampaignView> {
    return this.show((await this.get(id)).snapshot());
  }

  /** Adds what the application itself knows of a campaign. */
  show(progress: CampaignProgress): CampaignView {
    return { ...progress, deliveries: this.counts.of(progress.id) };
  }

  /** Settles the recipients of which nobody knows. @returns How many there were. @throws {NotFoundException} */
  async resolveUnknown(id: string, fate: 'sent' | 'sendAgain'): Promise<number> {
    await this.get(id);
    return this.campaigns.resolveUnknown(id, fate);
  }

  /** Forgets a campaign that is over. @returns Whether it was. @throws {NotFoundException} */
  async remove(id: string): Promise<boolean> {
    await this.get(id);
    return this.campaigns.remove(id);
  }
}
