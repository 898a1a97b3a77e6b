import { EventEmitter2 } from '@nestjs/event-emitter';
import { Campaigns, OurSmsModule, type CampaignFate, type Campaign, type OurSmsModuleOptions } from 'nestjs-oursms';
import { GatewaySimulator, type GatewaySimulatorOptions } from 'nestjs-oursms/testing';
import { addressFor, DEMO, startApplication, TestStorage, type TestApplication } from './application.js';

/** Saudi mobiles, each another one: number 0, 1, 2, … as it is written. */
export const mobile = (i: number): string => `05${String(i).padStart(8, '0')}`;

/** The same number as the gateway gets it. */
export const normalized = (i: number): string => `9665${String(i).padStart(8, '0')}`;

/** So many different recipients. */
export const mobiles = (count: number, from = 0): string[] => Array.from({ length: count }, (_, i) => mobile(from + i));

/** A gateway and a directory that outlive the applications which are started on them, one after the other. */
export class CampaignBench {
  application!: TestApplication;
  gateway!: GatewaySimulator;
  storage!: TestStorage;
  readonly heard: { event: string; payload: unknown }[] = [];
  #running = false;

  get face(): Campaigns {
    return this.application.app.get(Campaigns);
  }

  async start(options: Partial<OurSmsModuleOptions> = {}, simulator: GatewaySimulatorOptions = {}): Promise<this> {
    const credits = 10_000_000;
    this.gateway ??= await GatewaySimulator.start({ accounts: [{ ...DEMO, credits }], ...simulator });
    this.storage ??= await TestStorage.make();
    const baseUrl = addressFor(this.gateway, options.auth);
    const account = { baseUrl, auth: DEMO, storage: this.storage, retry: { delayMs: 5 } };
    this.application = await startApplication([OurSmsModule.forRoot({ ...account, ...options })]);
    this.#running = true;
    const emitter = this.application.app.get(EventEmitter2);
    for (const event of ['oursms.credits.low', 'oursms.campaign.paused']) {
      emitter.on(event, (payload: unknown) => void this.heard.push({ event, payload }));
    }
    return this;
  }

  /** Requests to send that the gateway got. */
  requests(): { dests: string[]; body: string; prevDups?: string }[] {
    return this.gateway.requests
      .filter(({ call }) => call === 'send')
      .map(({ params }) => ({
        dests: (params.dests ?? '').split(','),
        body: params.body ?? '',
        prevDups: params.prevDups,
      }));
  }

  /** How often messages reached each of so many phones: the counts that occur. */
  reached(count: number): number[] {
    return [...new Set(Array.from({ length: count }, (_, i) => this.gateway.phone(normalized(i)).length))].sort();
  }

  async stop(): Promise<void> {
    if (!this.#running) return;
    this.#running = false;
    await this.application.close();
  }

  async remove(): Promise<void> {
    await this.stop();
    await this.gateway?.stop();
    await this.storage?.remove();
  }
}

/** The numbers that came to something. */
export async function destsOf(campaign: Campaign, fate: CampaignFate): Promise<string[]> {
  const found: string[] = [];
  for await (const { dest } of campaign.inputs(fate)) found.push(dest);
  return found;
}
