// Reminders for tomorrow, every evening: one campaign a night, whose recipients come from a database as they are read.
import { Injectable, Logger, Module } from '@nestjs/common';
import type { INestApplicationContext, OnApplicationBootstrap } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventEmitterModule, OnEvent } from '@nestjs/event-emitter';
import { Cron, ScheduleModule } from '@nestjs/schedule';
import { Campaigns, OURSMS_CAMPAIGN_PAUSED, OurSmsModule, type Campaign, type CampaignPaused } from 'nestjs-oursms';

const PREFIX = 'reminders-';
const KEEP_MS = 7 * 86_400_000;

/** Stands for your table; a cursor or a stream of your database does as well. */
@Injectable()
export class Appointments {
  rows = [
    { id: 1, dest: '0501234567', name: 'سارة' },
    { id: 2, dest: '0507654321', name: 'عمر' },
    { id: 3, dest: '+966 50 123 4567', name: 'سارة' },
    { id: 4, dest: '12345', name: 'نورة' },
  ];

  /** A page at a time: a million rows are never in memory together. */
  async *ofTomorrow(pageSize = 500): AsyncIterable<{ dest: string; name: string }> {
    for (let after = 0; ;) {
      const page = this.rows.filter(({ id }) => id > after).slice(0, pageSize);
      yield* page;
      after = page.at(-1)?.id ?? after;
      if (page.length < pageSize) return;
    }
  }
}

@Injectable()
export class NightlyReminders implements OnApplicationBootstrap {
  private readonly logger = new Logger(NightlyReminders.name);

  constructor(
    private readonly campaigns: Campaigns,
    private readonly appointments: Appointments,
  ) {}

  /** Campaigns that a restart interrupted resume by themselves; their reports are still due. */
  async onApplicationBootstrap(): Promise<void> {
    for (const { id, finishedAt } of await this.campaigns.list()) {
      const campaign = id.startsWith(PREFIX) && !finishedAt ? await this.campaigns.get(id) : undefined;
      if (campaign) void this.report(campaign);
    }
  }

  // Three times, in case the process is down at 20:30, or the database away: the id makes them one campaign.
  @Cron('0 30,40,50 20 * * *', { name: 'reminders', timeZone: 'Asia/Riyadh' })
  async run(): Promise<void> {
    const night = new Intl.DateTimeFormat('en-CA', { timeZone: 'Asia/Riyadh' }).format(Date.now()); // 2026-01-31
    const id = PREFIX + night;
    if (await this.campaigns.get(id)) return; // it runs, or is over: nothing is sent twice
    await this.forgetOld();
    const campaign = await this.campaigns.start({
      id,
      // Not an advertisement. One has a sender that ends in -AD, and the option `quietHours`.
      message: { body: 'عزيزنا {name}، نذكرك بموعدك غدا في عيادة الواحة.', dlr: true },
      recipients: this.appointments.ofTomorrow(), // nothing is sent when it throws
      rate: 20,
    });
    void this.report(campaign);
  }

  /** Alert an operator before the morning. It resumes by itself when the balance has risen or the gateway is back. */
  @OnEvent(OURSMS_CAMPAIGN_PAUSED)
  onPaused({ id, reason, why }: CampaignPaused): void {
    this.logger.warn(`Campaign ${id} is paused (${reason}): ${why}`);
  }

  /** Goes where your team looks in the morning. Counts, never numbers: those are in `campaign.inputs('invalid')`. */
  private async report(campaign: Campaign): Promise<void> {
    const { id, state, total, sent, rejected, invalid, duplicate, notSent, unknown } = await campaign.done;
    const counts = JSON.stringify({ total, sent, rejected, invalid, duplicate, notSent, unknown });
    this.logger.log(`Report of ${id} (${state}): ${counts}`);
    // Not sent again by itself. A person decides: campaigns.resolveUnknown(id, 'sendAgain'), or 'sent'.
    if (unknown > 0) this.logger.warn(`Campaign ${id}: ${unknown} may have been sent.`);
  }

  /** The store keeps the numbers of a campaign until it is removed. Not on the same night: its id keeps it from being sent again. */
  private async forgetOld(): Promise<void> {
    for (const { id, finishedAt } of await this.campaigns.list()) {
      const isOld = finishedAt !== undefined && Date.parse(finishedAt) < Date.now() - KEEP_MS;
      if (id.startsWith(PREFIX) && isOld) await this.campaigns.remove(id);
    }
  }
}

@Module({
  imports: [
    EventEmitterModule.forRoot(),
    ScheduleModule.forRoot(),
    OurSmsModule.forRootAsync({
      // The simulated gateway (npx nestjs-oursms-gateway), unless OURSMS_BASE_URL and OURSMS_API_KEY name another.
      useFactory: () => ({
        baseUrl: process.env.OURSMS_BASE_URL ?? 'http://127.0.0.1:4100',
        auth: { apiKey: process.env.OURSMS_API_KEY ?? 'demo-key' },
        defaults: { src: process.env.OURSMS_SRC ?? 'MyBrand' },
        storage: { path: process.env.OURSMS_STORAGE ?? '.oursms' }, // where a night outlives a restart
      }),
    }),
  ],
  providers: [Appointments, NightlyReminders],
})
export class NightlyCampaignModule {}

export async function bootstrap(): Promise<INestApplicationContext> {
  const app = await NestFactory.createApplicationContext(NightlyCampaignModule);
  app.enableShutdownHooks(); // without it, requests that are in flight when the process ends are `unknown`
  return app;
}

if (process.argv[1] === import.meta.filename) await bootstrap();
