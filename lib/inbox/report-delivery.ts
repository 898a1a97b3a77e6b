import { Logger } from '@nestjs/common';
import type { DurableQueue, Job, JobOutcome, QueueConsumer } from '../queue/durable-queue.js';
import type { DlrPublisher } from './dlr-publisher.js';
import type { InboxState } from './inbox-state.js';
import type { PageHandler } from './page-handler.js';
import type { RetryHandler } from './retry-handler.js';
import type { StoredDlr, StoredPage } from './stored-jobs.js';

/** Pages that are handled at a time: one slow report must not block the next page. */
const PAGES_AT_ONCE = 4;
/** Pushes that are handled at a time, for each unit of `concurrency`: a push may hold a single report. */
const PUSHES_PER_REPORT = 4;
const MAX_PUSHES_AT_ONCE = 128;
/** Interval of the check for a listener. */
const CHECK_LISTENERS_MS = 500;
/** Reports to redeliver that are in the dispatcher at a time. */
const RETRIES_AT_ONCE = 64;

/** Options of {@link ReportDelivery}. */
export interface ReportDeliveryOptions {
  /** Whether pages may be pushes, which may hold one report each. */
  takesPushes: boolean;
  /** Reports that are with their listeners at a time. */
  concurrency: number;
}

/** Delivers stored pages and reports while there is a listener. Without one they stay in the store: another process may have one. */
export class ReportDelivery {
  readonly #consumers: QueueConsumer[] = [];

  /** @param onPage Called when a page was handled, with its job and the outcome; undefined when its handler failed. */
  constructor(
    private readonly pages: DurableQueue<StoredPage>,
    private readonly retries: DurableQueue<StoredDlr>,
    private readonly pageHandler: PageHandler,
    private readonly retryHandler: RetryHandler,
    private readonly publisher: DlrPublisher,
    private readonly state: InboxState,
    private readonly options: ReportDeliveryOptions,
    private readonly onPage: (id: string, outcome?: JobOutcome<StoredPage>) => void,
  ) {}

  /** Whether reports are delivered. */
  get isRunning(): boolean {
    return this.#consumers.length > 0;
  }

  /** Starts once there is a listener. @param warns Whether to log a warning when there is none yet. */
  start(warns: boolean): void {
    if (this.state.whyIdle !== undefined || this.isRunning) return;
    if (this.publisher.hasListeners()) return this.#consume();
    if (warns) {
      new Logger('OurSmsDlrInbox').warn(
        'No listener for oursms.dlr: pushed reports are kept until there is one; add a method with @OnDlr()',
      );
    }
    setTimeout(() => this.start(false), CHECK_LISTENERS_MS).unref();
  }

  /** Delivers no more. Resolves when the outcomes of all delivered jobs are durable. */
  async stop(): Promise<void> {
    await Promise.all(this.#consumers.splice(0).map((consumer) => consumer.stop()));
  }

  #consume(): void {
    this.pageHandler.resetLeft();
    const handlePage = async (job: Job<StoredPage>): Promise<JobOutcome<StoredPage>> => {
      let outcome: JobOutcome<StoredPage> | undefined;
      try {
        return (outcome = await this.pageHandler.handle(job));
      } finally {
        this.onPage(job.id, outcome);
      }
    };
    this.#consumers.push(
      this.pages.consume(handlePage, { concurrency: pagesAtOnce(this.options) }),
      this.retries.consume((job) => this.retryHandler.handle(job), { concurrency: RETRIES_AT_ONCE, idleAtFirst: true }),
    );
  }
}

function pagesAtOnce({ takesPushes, concurrency }: ReportDeliveryOptions): number {
  if (!takesPushes) return PAGES_AT_ONCE;
  return Math.max(PAGES_AT_ONCE, Math.min(PUSHES_PER_REPORT * concurrency, MAX_PUSHES_AT_ONCE));
}
