import { EventEmitter, once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import type { Seeded } from '../../support/seeded.js';
import type { CampaignProcess } from './campaign-process.js';

/** What a moment is chosen by. */
export interface CampaignMomentParts {
  process: CampaignProcess;
  /** Emits `request` when the gateway has got one, with how many recipients it has accepted so far. */
  gateway: EventEmitter<{ request: [accepted: number] }>;
  random: Seeded;
  /** The recipients of the campaign. */
  count: number;
  /** Milliseconds that processes have taken to start. */
  startMs: number;
  /** The longest time that the gateway lets an answer wait. */
  latencyMs: number;
  signal: AbortSignal;
}

/** Waits for the moment in which a process is killed. */
export type CampaignMoment = (parts: CampaignMomentParts) => Promise<unknown>;

/** Whole milliseconds, 0 without a turn of the event loop. */
const pause = async (ms: number): Promise<void> => void (ms > 0 && (await wait(ms)));

/** While it starts: the store is opened, what was interrupted is put back. */
const starting: CampaignMoment = ({ startMs, random }) => wait(random.next(Math.ceil(startMs * 1.5)));

/** While the recipients are read and made durable. */
export const reading: CampaignMoment = async ({ process, random, signal }) => {
  await process.told('reading', signal);
  await pause(random.next(12));
};

/** Around the write that ends the reading. */
export const taking: CampaignMoment = async ({ process, random, signal }) => {
  await process.told('taken', signal);
  await pause(random.next(15));
};

/** With requests on the wire: the gateway has sent, and its answer is on the way. */
export const sending: CampaignMoment = async ({ gateway, random, latencyMs, signal }) => {
  for (let left = 1 + random.next(6); left > 0; left--) await once(gateway, 'request', { signal });
  await pause(random.next(latencyMs));
};

/** Later: while results are written, the next requests are marked, repeats wait. */
const working: CampaignMoment = async ({ gateway, random, latencyMs, signal }) => {
  await once(gateway, 'request', { signal });
  await wait(random.next(latencyMs * 6));
};

/** When the last recipients were sent to: the last results and the report are written. */
const ending: CampaignMoment = async ({ gateway, random, count, latencyMs, signal }) => {
  for (let accepted = 0; accepted < count;) [accepted] = await once(gateway, 'request', { signal });
  await pause(random.next(latencyMs + 15));
};

/** When all is over. */
export const over: CampaignMoment = ({ process, signal }) => process.told('done', signal);

/** The moments that are worth a kill, before and after all recipients are durable. */
export const CAMPAIGN_MOMENTS: Readonly<Record<'before' | 'after', readonly CampaignMoment[]>> = {
  before: [starting, reading, reading, taking, sending, sending, working],
  after: [starting, sending, sending, sending, working, working, ending],
};
