import type { BullMqDeliveries } from './bull-mq-deliveries.js';
import type { Delivery, JobRecords } from './job-records.js';

/** Sends deliveries to BullMQ. A delivery that could not be sent stays listed as unsent in the records. */
export class DeliveryDispatcher {
  #hasSentMissing = false;

  constructor(
    private readonly records: JobRecords<unknown>,
    private readonly deliveries: BullMqDeliveries,
  ) {}

  /** Sends deliveries. It never rejects: {@link sendUnsent} repeats a failed send. */
  async send(deliveries: readonly Delivery[]): Promise<void> {
    if (deliveries.length === 0) return;
    try {
      await this.deliveries.send(deliveries);
      await this.records.sent(deliveries.map(({ delivery }) => delivery));
    } catch {
      // The jobs are durable, and their deliveries stay listed as unsent.
    }
  }

  /** Sends the deliveries that were listed as unsent a lease time ago. @throws {OurSmsStorageError} */
  async sendUnsent(): Promise<void> {
    await this.send(await this.records.unsent(this.deliveries.leaseMs));
  }

  /**
   * Sends the deliveries of all jobs when BullMQ has fewer of them than there are jobs: its part of Redis may have been emptied.
   * Later calls do nothing.
   *
   * @throws {OurSmsStorageError}
   */
  async sendMissing(): Promise<void> {
    if (this.#hasSentMissing) return;
    const [{ live }, known] = await Promise.all([this.records.counts(), this.deliveries.count()]);
    if (known < live) {
      for await (const page of this.records.deliveries()) await this.send(page);
    }
    this.#hasSentMissing = true;
  }
}
