import { join } from 'node:path';
import { Logger, type OnApplicationShutdown } from '@nestjs/common';
import type { OurSmsModuleOptions } from 'nestjs-oursms';
import { GatewaySimulator } from 'nestjs-oursms/testing';
import { QUIET_HOURS } from '../messages/quiet-hours.js';
import type { Settings } from '../settings.js';

/** Milliseconds from a send to its report at the simulated gateway: long enough to see the one, then the other. */
const REPORT_AFTER_MS = 2_000;

/** Reports are given up within seconds at the simulated gateway: long enough to see it, short enough to wait for it. */
const SIMULATED_DLR = { poll: { everyMs: 1_000 }, retryDelayMs: 500, maxAttempts: 3 };

/** Enough for a campaign of a hundred thousand, and little enough to run out of. */
const CREDITS = 150_000;

/** The account at the simulated gateway. */
const DEMO = { username: 'demo', password: 'demo' };

/** The gateway that the application works with: the real one, or a simulated one in this process. */
export class GatewayChoice implements OnApplicationShutdown {
  constructor(
    /** What `OurSmsModule` is registered with. */
    readonly moduleOptions: OurSmsModuleOptions,
    /** Where delivery reports are kept. */
    readonly directory: string,
    private readonly simulator?: GatewaySimulator,
  ) {}

  /** Whether nothing is really sent. */
  get isSimulated(): boolean {
    return this.simulator !== undefined;
  }

  /** The last phase of a shutdown: the poller has had its last answer, and no request can come in any more. */
  async onApplicationShutdown(): Promise<void> {
    await this.simulator?.stop();
  }
}

/** Takes the real gateway when there are credentials for it; otherwise starts a simulated one. */
export async function chooseGateway({ auth, baseUrl, src, storage }: Settings): Promise<GatewayChoice> {
  const logger = new Logger('SampleApp');
  const messages = { defaults: src === undefined ? {} : { src }, quietHours: QUIET_HOURS };
  if (auth !== undefined) {
    logger.warn('Real gateway: messages cost money');
    const options = { baseUrl, auth, ...messages, dlr: { poll: { everyMs: 15_000 } }, storage: { path: storage } };
    return new GatewayChoice(options, storage);
  }
  // What never happened must not stand among the reports of real messages.
  const path = join(storage, 'simulated');
  const simulator = await GatewaySimulator.start({
    accounts: [{ ...DEMO, credits: CREDITS }],
    deliverAfterMs: REPORT_AFTER_MS,
    statusOf: (dest) => (dest.endsWith('00') ? 'undelivered' : 'delivered'),
    unroutable: (dest) => dest.endsWith('99'),
    record: false,
  });
  logger.log('Simulated gateway: nothing is really sent. For the real one set OURSMS_USERNAME and OURSMS_PASSWORD.');
  const options = { baseUrl: simulator.url, auth: DEMO, ...messages, dlr: SIMULATED_DLR, storage: { path } };
  return new GatewayChoice(options, path, simulator);
}
