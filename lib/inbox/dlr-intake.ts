import { Logger } from '@nestjs/common';
import type { Dlr } from '../dto/dlr.js';
import { readDlrs, type DlrPage } from '../gateway/read-dlrs.js';
import { describeThrown } from './describe-thrown.js';
import type { DlrPublisher } from './dlr-publisher.js';

/** No more is downloaded while this many reports wait for a listener that fails. */
const MAX_HELD = 1_000;

interface HeldDlr {
  dlr: Dlr;
  attempts: number;
}

/**
 * What happens to a page once it has been downloaded: it is read, and each report is published and settled. A report whose
 * listener fails is held, in the memory of this process, and offered again.
 */
export class DlrIntake {
  readonly #logger = new Logger('OurSmsDlrIntake');
  #held: HeldDlr[] = [];

  constructor(
    private readonly publisher: DlrPublisher,
    private readonly maxAttempts: number,
  ) {}

  /** How many reports wait for a listener that failed. */
  get held(): number {
    return this.#held.length;
  }

  /** Whether another page can be taken in. */
  hasRoom(): boolean {
    return this.#held.length < MAX_HELD;
  }

  /** Reads a page and publishes its reports in order. Resolves to their number, or to undefined for an unreadable page. */
  async take(page: DlrPage): Promise<number | undefined> {
    const reading = readDlrs(page);
    if (!reading.ok) {
      await this.surface(page, reading.why);
      return undefined;
    }
    for (const dlr of reading.dlrs) await this.#offer({ dlr, attempts: 0 });
    return reading.dlrs.length;
  }

  /** Offers the held reports once more. */
  async offerAgain(): Promise<void> {
    const waiting = this.#held;
    this.#held = [];
    for (const held of waiting) await this.#offer(held);
  }

  /** Hands what cannot be read to whoever keeps it: the gateway has deleted it. */
  async surface({ account, receivedAt, text }: Omit<DlrPage, 'httpStatus'>, why: string): Promise<void> {
    const keeper = await this.#announce(() =>
      this.publisher.publishUnreadable({ account, receivedAt, why, raw: text }),
    );
    const kept = keeper ? '' : ' Nobody listens to oursms.dlr.unreadable, so what it held is gone.';
    this.#logger.error(`A download of delivery reports (account ${account}) cannot be read: ${why}.${kept}`);
  }

  async #offer({ dlr, attempts }: HeldDlr): Promise<void> {
    try {
      await this.publisher.publish(dlr);
    } catch (error) {
      await this.#keep({ dlr, attempts: attempts + 1 }, describeThrown(error));
    }
  }

  async #keep(held: HeldDlr, reason: string): Promise<void> {
    const { dlr, attempts } = held;
    const report = `delivery report ${dlr.id} (account ${dlr.account})`;
    if (attempts < this.maxAttempts) {
      this.#held.push(held);
      this.#logger.warn(`A listener failed on ${report}, attempt ${attempts} of ${this.maxAttempts}: ${reason}`);
      return;
    }
    this.#logger.error(`Giving up ${report}: its listener failed ${attempts} times, the last time with ${reason}`);
    await this.#announce(() => this.publisher.publishFailed(held));
  }

  async #announce<T>(announce: () => Promise<T>): Promise<T | undefined> {
    try {
      return await announce();
    } catch (error) {
      this.#logger.error(`A listener failed on an announcement: ${describeThrown(error)}`);
      return undefined;
    }
  }
}
