import type { SchedulerRegistry } from '@nestjs/schedule';

/** Longest delay of `setTimeout`; with a longer one it would fire at once. */
const MAX_TIMEOUT_MS = 2_147_483_647;

/** A named timeout in the application's `SchedulerRegistry`, armed for one poll at a time, so that polls never overlap. */
export class PollTimer {
  #immediate: NodeJS.Immediate | undefined;

  constructor(
    private readonly registry: SchedulerRegistry,
    private readonly name: string,
  ) {}

  /** Runs the poll once, after a delay. */
  arm(delayMs: number, poll: () => void): void {
    this.disarm();
    // `setTimeout` waits a millisecond at least, which is long compared with a download.
    if (delayMs === 0) {
      this.#immediate = setImmediate(poll);
      return;
    }
    const left = delayMs - MAX_TIMEOUT_MS;
    const due = left > 0 ? (): void => this.arm(left, poll) : poll;
    this.registry.addTimeout(this.name, setTimeout(due, Math.min(delayMs, MAX_TIMEOUT_MS)));
  }

  /** Cancels the next poll. */
  disarm(): void {
    clearImmediate(this.#immediate);
    if (this.registry.doesExist('timeout', this.name)) this.registry.deleteTimeout(this.name);
  }
}
