import { Injectable } from '@nestjs/common';
import type { Dlr } from 'nestjs-oursms';

/** Columns of a chart. When they are used up, each one takes the place of two. */
const MOST_COLUMNS = 60;
/** Campaigns that are counted: the latest. */
const MOST_CAMPAIGNS = 100;

/** The final reports of a campaign over time: a column for each step of time, all of the same length. */
export interface Deliveries {
  /** When the first column begins: ISO 8601, UTC. */
  from: string;
  /** The length of a step, in milliseconds. */
  stepMs: number;
  columns: DeliveryColumn[];
}

/** The reports of one step of time. */
export interface DeliveryColumn {
  delivered: number;
  undelivered: number;
}

/** Counts the reports of each campaign as they come, for the chart of its page. */
@Injectable()
export class DeliveryCounts {
  readonly #campaigns = new Map<string, Deliveries>();

  /** Counts a report, if it is a final one of a campaign. */
  add({ campaign, isFinal, status, receivedAt }: Dlr): void {
    if (campaign === undefined || !isFinal) return;
    const deliveries = this.#campaigns.get(campaign) ?? this.#begin(campaign, receivedAt);
    const afterMs = Math.max(0, Date.parse(receivedAt) - Date.parse(deliveries.from));
    while (afterMs >= MOST_COLUMNS * deliveries.stepMs) halve(deliveries);
    const index = Math.floor(afterMs / deliveries.stepMs);
    while (deliveries.columns.length <= index) deliveries.columns.push({ delivered: 0, undelivered: 0 });
    const column = deliveries.columns[index] as DeliveryColumn;
    column[status === 'delivered' ? 'delivered' : 'undelivered'] += 1;
  }

  /** The reports of a campaign so far; undefined when there are none. */
  of(campaign: string): Deliveries | undefined {
    // A copy: what was shown does not change.
    return structuredClone(this.#campaigns.get(campaign));
  }

  /** Forgets a campaign: another one may get its id. */
  forget(campaign: string): void {
    this.#campaigns.delete(campaign);
  }

  #begin(campaign: string, from: string): Deliveries {
    const deliveries: Deliveries = { from, stepMs: 1_000, columns: [] };
    this.#campaigns.set(campaign, deliveries);
    const [oldest] = this.#campaigns.keys();
    if (oldest !== undefined && this.#campaigns.size > MOST_CAMPAIGNS) this.#campaigns.delete(oldest);
    return deliveries;
  }
}

/** Puts two columns into one each. */
function halve(deliveries: Deliveries): void {
  const { columns } = deliveries;
  deliveries.stepMs *= 2;
  deliveries.columns = columns.flatMap((column, index) => {
    if (index % 2 === 1) return [];
    const { delivered, undelivered } = columns[index + 1] ?? { delivered: 0, undelivered: 0 };
    return [{ delivered: column.delivered + delivered, undelivered: column.undelivered + undelivered }];
  });
}
