import { Injectable, Logger, type BeforeApplicationShutdown } from '@nestjs/common';
import { OnDlr, type Dlr } from 'nestjs-oursms';
import { ReplaySubject, type Observable } from 'rxjs';

/** How many reports a page sees that is opened after they came. */
const KEPT = 50;

/** The delivery reports as they come in. A real application would write them to its database here. */
@Injectable()
export class DlrFeed implements BeforeApplicationShutdown {
  readonly #logger = new Logger('DlrFeed');
  readonly #reports = new ReplaySubject<Dlr>(KEPT);

  /** The last reports, then each new one. The same report can come twice: its `id` tells. */
  get reports(): Observable<Dlr> {
    return this.#reports.asObservable();
  }

  /** Handles a report. Throwing here would make the module offer it again. */
  @OnDlr()
  take(dlr: Dlr): void {
    this.#logger.log(`Report ${dlr.id}: ${dlr.status}`);
    this.#reports.next(dlr);
  }

  /** Open streams would keep the HTTP server from closing. */
  beforeApplicationShutdown(): void {
    this.#reports.complete();
  }
}
