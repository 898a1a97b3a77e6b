import type { SchedulerRegistry } from '@nestjs/schedule';

/** One named timeout in the application's `SchedulerRegistry`, armed anew for each poll, so that polls never overlap. */
export class PollTimer {
  constructor(
    private readonly registry: SchedulerRegistry,
    private readonly name: string,
  ) {}

  /** Runs the poll once, after a delay. */
  arm(delayMs: number, poll: () => void): void {
    this.disarm();
    this.registry.addTimeout(this.name, setTimeout(poll, delayMs));
  }

  /** Forgets the poll that is due. */
  disarm(): void {
    if (this.registry.doesExist('timeout', this.name)) this.registry.deleteTimeout(this.name);
  }
}
