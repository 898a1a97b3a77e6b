import { Injectable, Logger, type BeforeApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { monotonic, OnDlr, type Dlr, type DlrStatus } from 'nestjs-oursms';
import { ReplaySubject, type Observable } from 'rxjs';
import { DemoFailure } from '../inbox/demo-failure.js';
import { SentTexts } from '../messages/sent-texts.js';
import { DeliveryCounts } from './delivery-counts.js';
import { LastHour } from './last-hour.js';
import { ReportFile, type KeptDlr } from './report-file.js';

/** How many reports a page sees that is opened after they came. */
const SHOWN = 50;
/** Messages whose status is known at a time. */
const KNOWN = 10_000;

/** A report as it is shown. */
export interface HandledDlr extends KeptDlr {
  /** Whether it told more of its message than was known: a `sent` that comes after `delivered` does not. */
  tellsMore: boolean;
}

/**
 * The listener: it keeps the reports as they come in, and shows them. A real application would write to its database here.
 */
@Injectable()
export class DlrFeed implements OnModuleInit, BeforeApplicationShutdown {
  readonly #logger = new Logger('DlrFeed');
  readonly #reports = new ReplaySubject<HandledDlr>(SHOWN);
  /** What is known of each message. */
  readonly #statuses = new Map<string, DlrStatus>();

  constructor(
    private readonly file: ReportFile,
    private readonly texts: SentTexts,
    private readonly counts: DeliveryCounts,
    private readonly hour: LastHour,
    private readonly demoFailure: DemoFailure,
  ) {}

  /** The last reports, those of earlier runs among them, then each new one. */
  get reports(): Observable<HandledDlr> {
    return this.#reports.asObservable();
  }

  /** Runs when the module has locked the directory, so that no other process writes to the file. */
  async onModuleInit(): Promise<void> {
    for (const dlr of await this.file.open()) this.#show(dlr);
  }

  /**
   * Handles a report. It counts as handled when this resolves, so it is on the disk by then; throwing makes the module offer
   * it again.
   */
  @OnDlr()
  async take(dlr: Dlr): Promise<void> {
    this.demoFailure.throwIfOn();
    // The process may have ended after this had kept it, and before the module knew.
    if (this.file.has(dlr.id)) return;
    const kept = { ...dlr, text: this.#textOf(dlr) };
    await this.file.add(kept);
    this.#logger.log(`Report ${dlr.id}: ${dlr.status}`);
    this.#show(kept);
  }

  /** Open streams would keep the HTTP server from closing. */
  beforeApplicationShutdown(): void {
    this.#reports.complete();
  }

  #textOf({ reference, sentAt }: Dlr): string | undefined {
    return reference === undefined || sentAt === undefined ? undefined : this.texts.find(reference, sentAt);
  }

  #show(dlr: KeptDlr): void {
    const message = dlr.msgId ?? dlr.id;
    const tellsMore = monotonic(this.#statuses.get(message), dlr.status);
    if (tellsMore) this.#statuses.set(message, dlr.status);
    const [oldest] = this.#statuses.keys();
    if (oldest !== undefined && this.#statuses.size > KNOWN) this.#statuses.delete(oldest);
    if (tellsMore) this.counts.add(dlr);
    this.hour.noteReport(dlr);
    this.#reports.next({ ...dlr, tellsMore });
  }
}
