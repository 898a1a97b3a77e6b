import { Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import { distinctUntilChanged, exhaustMap, merge, shareReplay, Subject, takeUntil, timer, type Observable } from 'rxjs';
import { OurSmsError } from 'nestjs-oursms';
import { InboxView, type FailedReport, type InboxStats } from './inbox-view.js';

const LOOK_EVERY_MS = 1_000;

/** The inbox at a moment, or why nobody can look into it. */
export type InboxPicture = { stats: InboxStats; failed: FailedReport[] } | { fault: string };

/** Looks into the inbox once a second as long as anyone watches, however many they are. */
@Injectable()
export class InboxWatch implements BeforeApplicationShutdown {
  readonly #changed = new Subject<void>();
  readonly #ended = new Subject<void>();

  /** The inbox as it is, then each time that something in it has changed. */
  readonly pictures: Observable<InboxPicture> = merge(timer(0, LOOK_EVERY_MS), this.#changed).pipe(
    exhaustMap(() => this.#look()),
    distinctUntilChanged((one, other) => JSON.stringify(one) === JSON.stringify(other)),
    takeUntil(this.#ended),
    shareReplay({ bufferSize: 1, refCount: true }),
  );

  constructor(private readonly view: InboxView) {}

  /** Looks at once: someone has changed something, and waits to see it. */
  lookNow(): void {
    this.#changed.next();
  }

  /** Open streams would keep the HTTP server from closing. */
  beforeApplicationShutdown(): void {
    this.#ended.next();
  }

  /** Never rejects: the store may be away for a while, and who watches is told so. */
  async #look(): Promise<InboxPicture> {
    try {
      return { stats: await this.view.stats(), failed: await this.view.failed() };
    } catch (error) {
      return { fault: error instanceof OurSmsError ? error.message : 'the inbox cannot be read' };
    }
  }
}
