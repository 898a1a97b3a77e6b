// Several instances behind a load balancer, with their reports and campaigns in one Redis. By hand, beside npx nestjs-oursms-gateway:
//   INSTANCE=one PORT=3001 node sample-app/dist/recipes/several-instances.js
//   INSTANCE=two PORT=3002 node sample-app/dist/recipes/several-instances.js
import { join } from 'node:path';
import { Body, Controller, Get, HttpCode, Injectable, Module, NotFoundException, Param, Post } from '@nestjs/common';
import { UseFilters, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventEmitterModule } from '@nestjs/event-emitter';
import { ScheduleModule } from '@nestjs/schedule';
import { Campaigns, OnDlr, OurSmsExceptionFilter, OurSmsModule, OurSmsService } from 'nestjs-oursms';
import type { CampaignProgress, Dlr } from 'nestjs-oursms';
import { bullMqEngine } from 'nestjs-oursms/bullmq';

/** Each report comes to one instance, and to another one as well when the first ends before it is handled. */
@Injectable()
export class Deliveries {
  readonly handled: string[] = [];

  @OnDlr()
  async onDlr({ id }: Dlr): Promise<void> {
    // In your database, with `id` as its key: of two instances that handle the same report, one changes something.
    this.handled.push(id);
  }
}

@Controller()
@UseFilters(OurSmsExceptionFilter)
export class MessagesController {
  constructor(
    private readonly oursms: OurSmsService,
    private readonly campaigns: Campaigns,
    private readonly deliveries: Deliveries,
  ) {}

  @Post('messages')
  @HttpCode(202)
  async send(@Body('number') number: string): Promise<void> {
    await this.oursms.send({ dests: number, body: 'طلبك من متجر الواحة في الطريق.', dlr: true });
  }

  /** All instances send it, wherever it was started: `rate` and `concurrency` hold for them together. */
  @Post('campaigns/:id')
  @HttpCode(202)
  async start(@Param('id') id: string, @Body('numbers') recipients: string[]): Promise<CampaignProgress> {
    const message = { body: 'متجر الواحة يفتح فرعه الجديد غدا.' };
    return (await this.campaigns.start({ id, message, recipients, rate: 20 })).snapshot();
  }

  /** Answered by any of them: no sticky sessions. */
  @Get('campaigns/:id')
  async progress(@Param('id') id: string): Promise<CampaignProgress> {
    const campaign = await this.campaigns.get(id);
    if (campaign === undefined) throw new NotFoundException();
    return campaign.snapshot();
  }

  /** What this instance handled: the load balancer asks any of them. */
  @Get('handled')
  handled(): { handled: number } {
    return { handled: this.deliveries.handled.length };
  }
}

@Module({
  imports: [
    EventEmitterModule.forRoot(),
    ScheduleModule.forRoot(),
    OurSmsModule.forRootAsync({
      useFactory: () => {
        const { REDIS_URL, REDIS_PREFIX, OURSMS_STORAGE = '.oursms', INSTANCE = 'one' } = process.env;
        return {
          // The simulated gateway, unless OURSMS_BASE_URL and OURSMS_API_KEY name another.
          baseUrl: process.env.OURSMS_BASE_URL ?? 'http://127.0.0.1:4100',
          auth: { apiKey: process.env.OURSMS_API_KEY ?? 'demo-key' },
          defaults: { src: process.env.OURSMS_SRC ?? 'MyBrand' },
          // This one holds in each process: give each its part of what the provider allows.
          rate: { requestsPerSecond: 10 },
          // One of them polls, under a lease that another takes over; all of them handle reports.
          dlr: { poll: { everyMs: Number(process.env.POLL_EVERY_MS ?? 15_000) }, shutdownTimeoutMs: 10_000 },
          storage: bullMqEngine({
            // Redis with `appendonly yes` and `maxmemory-policy noeviction`: what it loses is lost for all instances.
            connection: { url: REDIS_URL ?? 'redis://127.0.0.1:6379' },
            // Staging and production on one Redis need different ones, or they take each other's reports.
            prefix: REDIS_PREFIX ?? 'oursms',
            // A download that Redis has not taken yet is on this disk, of this instance alone, which finds it after a restart.
            spool: join(OURSMS_STORAGE, `spool-${INSTANCE}`),
          }),
        };
      },
    }),
  ],
  controllers: [MessagesController],
  providers: [Deliveries],
})
export class SeveralInstancesModule {}

export async function bootstrap(): Promise<INestApplication> {
  const app = await NestFactory.create(SeveralInstancesModule, {
    // Connections that a load balancer keeps open would hold up the end for as long as they are idle.
    forceCloseConnections: true,
  });
  // On SIGTERM: no new download, the running one is kept, listeners get `dlr.shutdownTimeoutMs`, sends in flight are awaited.
  // What is left is with the others at once. After a kill they wait for the lease first (5 s), and reports come twice.
  app.enableShutdownHooks();
  await app.listen(process.env.PORT ?? 3000, process.env.HOST ?? '127.0.0.1');
  return app;
}

if (process.argv[1] === import.meta.filename) await bootstrap();
