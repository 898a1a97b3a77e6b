import { join } from 'node:path';
import { Logger, type OnApplicationShutdown } from '@nestjs/common';
import type { OurSmsModuleOptions } from 'nestjs-oursms';
import { bullMqEngine } from 'nestjs-oursms/bullmq';
import { openTelemetry } from 'nestjs-oursms/opentelemetry';
import { GatewaySimulator } from 'nestjs-oursms/testing';
import { QUIET_HOURS } from '../messages/quiet-hours.js';
import type { Settings } from '../settings.js';
import { SIMULATED_FATES } from './simulated-fates.js';

/** A message without a final report counts as missing after a minute at the simulated gateway, in place of a day. */
const SIMULATED_TRACKING = { missingAfterMs: 60_000 };

/** Reports are given up within seconds at the simulated gateway: long enough to see it, short enough to wait for it. */
const SIMULATED_DLR = { poll: { everyMs: 500 }, retryDelayMs: 500, maxAttempts: 3 };

/** Enough for a campaign of a hundred thousand, and little enough to run out of. */
const CREDITS = 150_000;

/** The account at the simulated gateway. */
const DEMO = { username: 'demo', password: 'demo' };

/** The gateway that the application works with: the real one, or a simulated one in this process. */
export class GatewayChoice implements OnApplicationShutdown {
  constructor(
    /** What `OurSmsModule` is registered with. */
    readonly moduleOptions: OurSmsModuleOptions,
    /** What this instance keeps in files. */
    readonly directory: string,
    /** Where delivery reports are kept, in words. */
    readonly storage: string,
    /** Whether nothing is really sent. */
    readonly isSimulated: boolean,
    /** The simulated gateway in this process; undefined for one elsewhere, and for the real one. */
    readonly simulator?: GatewaySimulator,
  ) {}

  /** The last phase of a shutdown: the poller has had its last answer, and no request can come in any more. */
  async onApplicationShutdown(): Promise<void> {
    await this.simulator?.stop();
  }
}

/** Takes the real gateway when there are credentials for it, or a simulated one elsewhere; otherwise starts a simulated one. */
export async function chooseGateway(settings: Settings): Promise<GatewayChoice> {
  const { auth, baseUrl, src, storage, webhookSecret, otlpEndpoint } = settings;
  const logger = new Logger('SampleApp');
  const webhook = webhookSecret === undefined ? undefined : { secret: webhookSecret };
  const messages = {
    defaults: src === undefined ? {} : { src },
    quietHours: QUIET_HOURS,
    telemetry: otlpEndpoint === undefined ? undefined : openTelemetry(),
  };
  if (auth !== undefined) {
    logger.warn('Real gateway: messages cost money');
    const options = { baseUrl, auth, ...messages, dlr: { poll: { everyMs: 15_000 }, webhook }, tracking: {} };
    const place = placeOf(settings, storage, 'oursms-sample');
    return new GatewayChoice({ ...options, storage: place.storage }, storage, place.name, false);
  }
  // What never happened must not stand among the reports of real messages.
  const directory = join(storage, 'simulated');
  const place = placeOf(settings, directory, 'oursms-sample-simulated');
  const simulator = settings.simulator === undefined ? await startSimulator() : undefined;
  logger.log(
    'Simulated gateway: nothing is really sent. For the real one set OURSMS_API_KEY, or OURSMS_USERNAME and OURSMS_PASSWORD.',
  );
  const url = simulator?.url ?? settings.simulator;
  const dlr = { ...SIMULATED_DLR, webhook };
  const options = { baseUrl: url, auth: DEMO, ...messages, dlr, tracking: SIMULATED_TRACKING, storage: place.storage };
  return new GatewayChoice(options, directory, place.name, true, simulator);
}

function startSimulator(): Promise<GatewaySimulator> {
  return GatewaySimulator.start({
    accounts: [{ ...DEMO, credits: CREDITS }],
    ...SIMULATED_FATES,
    record: false,
  });
}

/** A directory of this instance, or the Redis server that it shares with others. */
function placeOf(
  { redisUrl }: Settings,
  path: string,
  prefix: string,
): { storage: OurSmsModuleOptions['storage']; name: string } {
  if (redisUrl === undefined) return { storage: { path }, name: path };
  const storage = bullMqEngine({ connection: { url: redisUrl }, prefix, spool: join(path, 'spool') });
  return { storage, name: `Redis at ${new URL(redisUrl).host}` };
}
