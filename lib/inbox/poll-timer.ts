import type { SchedulerRegistry } from '@nestjs/schedule';

/** The longest wait that a timer takes; a longer one would fire at once. */
const MAX_TIMEOUT_MS = 2_147_483_647;

/** One named timeout in the application's `SchedulerRegistry`, armed for one poll at a time, so that polls never overlap. */
export class PollTimer {
  #immediate: NodeJS.Immediate | undefined;

  constructor(
    private readonly registry: SchedulerRegistry,
    private readonly name: string,
  ) {}

  /** Runs the poll once, after a delay. */
  arm(delayMs: number, poll: () => void): void {
    this.disarm();
    // A timer takes a millisecond at the least: long beside a download.
    if (delayMs === 0) {
      this.#immediate = setImmediate(poll);
      return;
    }
    const left = delayMs - MAX_TIMEOUT_MS;
    const due = left > 0 ? (): void => this.arm(left, poll) : poll;
    this.registry.addTimeout(this.name, setTimeout(due, Math.min(delayMs, MAX_TIMEOUT_MS)));
  }

  /** Forgets the poll that is due. */
  disarm(): void {
    clearImmediate(this.#immediate);
    if (this.registry.doesExist('timeout', this.name)) this.registry.deleteTimeout(this.name);
  }
}
