import { Logger } from '@nestjs/common';

/** Looks again and again, each time when the look before has ended. */
export class CampaignWatch {
  readonly #logger = new Logger('OurSmsCampaign');
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;
  #isStopped = false;
  #isFailing = false;

  /** @param look Looks once. @param everyMs Milliseconds between looks. */
  constructor(
    private readonly look: () => Promise<void>,
    private readonly everyMs: number,
  ) {}

  start(): void {
    if (this.#isStopped || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#looking = this.#lookOnce().finally(() => {
        this.#timer = undefined;
        this.start();
      });
    }, this.everyMs);
  }

  /** Resolves when no look is under way. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    await this.#looking;
  }

  async #lookOnce(): Promise<void> {
    try {
      await this.look();
      this.#isFailing = false;
    } catch (error) {
      if (this.#isStopped || this.#isFailing) return;
      this.#isFailing = true;
      const why = error instanceof Error ? error.message : 'not an Error was thrown';
      this.#logger.warn(`Campaigns are not followed until their store can be read: ${why}`);
    }
  }
}
