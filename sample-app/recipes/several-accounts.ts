// Two accounts at the gateway: one for messages that customers wait for, one for marketing, with a balance of its own.
import { Body, Controller, Get, HttpCode, Injectable, Module, Param, Post, UseFilters } from '@nestjs/common';
import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventEmitterModule } from '@nestjs/event-emitter';
import { ScheduleModule } from '@nestjs/schedule';
import { Campaigns, InjectCampaigns, InjectOurSms, OnDlr, OurSmsExceptionFilter } from 'nestjs-oursms';
import { OurSmsModule, OurSmsService, type CampaignProgress, type Dlr, type OurSmsModuleOptions } from 'nestjs-oursms';

/** The name of the marketing account. The other one has none: it is injected by its class alone. */
const BULK = 'bulk';

/** Reports of all accounts are one event. */
@Injectable()
export class DeliveryCounts {
  readonly delivered: Record<string, number> = {};

  @OnDlr()
  onDlr({ account, status }: Dlr): void {
    if (status === 'delivered') this.delivered[account] = (this.delivered[account] ?? 0) + 1;
  }
}

@Controller()
@UseFilters(OurSmsExceptionFilter)
export class MessagesController {
  constructor(
    private readonly oursms: OurSmsService,
    @InjectOurSms(BULK) private readonly bulk: OurSmsService,
    @InjectCampaigns(BULK) private readonly campaigns: Campaigns,
    private readonly counts: DeliveryCounts,
  ) {}

  /** Does not wait for a campaign, and does not end with its credits. */
  @Post('orders/:id/ready')
  @HttpCode(202)
  async orderReady(@Param('id') id: string, @Body('number') number: string): Promise<void> {
    await this.oursms.send({ dests: number, body: `طلبك ${id} جاهز للاستلام.`, dlr: true });
  }

  @Post('offers/:id')
  @HttpCode(202)
  async offer(@Param('id') id: string, @Body('numbers') numbers: string[]): Promise<CampaignProgress> {
    const message = { body: 'خصم 20% في متجر الواحة حتى نهاية الأسبوع.', dlr: true };
    const campaign = await this.campaigns.start({ id, message, recipients: numbers });
    return campaign.snapshot();
  }

  @Get('accounts')
  async accounts(): Promise<Record<string, { credits: number; delivered: number }>> {
    const [own, bulk] = await Promise.all([this.oursms.getCredits(), this.bulk.getCredits()]);
    const { default: ordersDelivered = 0, [BULK]: offersDelivered = 0 } = this.counts.delivered;
    return {
      default: { credits: own.credits, delivered: ordersDelivered },
      [BULK]: { credits: bulk.credits, delivered: offersDelivered },
    };
  }
}

/** What both have in common. */
const common = (): Omit<OurSmsModuleOptions, 'auth'> => ({
  // The simulated gateway, unless OURSMS_BASE_URL names another.
  baseUrl: process.env.OURSMS_BASE_URL ?? 'http://127.0.0.1:4100',
  // Each account gets a directory of its own in it.
  storage: { path: process.env.OURSMS_STORAGE ?? '.oursms' },
  // Each has its own inbox at the gateway, and so its own poller.
  dlr: { poll: { everyMs: Number(process.env.POLL_EVERY_MS ?? 15_000) } },
});

@Module({
  imports: [
    EventEmitterModule.forRoot(),
    ScheduleModule.forRoot(),
    OurSmsModule.forRootAsync({
      useFactory: () => ({
        ...common(),
        auth: { apiKey: process.env.OURSMS_API_KEY ?? 'demo-key' },
        defaults: { src: process.env.OURSMS_SRC ?? 'MyBrand' },
      }),
    }),
    OurSmsModule.forRootAsync({
      name: BULK, // beside the factory: the name of a token must be known before the options are
      useFactory: () => ({
        ...common(),
        // Of the same account where there is no other: the simulated gateway has one.
        auth: { apiKey: process.env.OURSMS_BULK_API_KEY ?? 'demo-key' },
        defaults: { src: process.env.OURSMS_BULK_SRC ?? 'MyBrand-AD' },
        // A sender that ends in -AD is for advertisements, which do not go out at night.
        quietHours: { from: '21:00', to: '09:00', action: 'hold' as const },
      }),
    }),
  ],
  controllers: [MessagesController],
  providers: [DeliveryCounts],
})
export class SeveralAccountsModule {}

export async function bootstrap(): Promise<INestApplication> {
  const app = await NestFactory.create(SeveralAccountsModule);
  app.enableShutdownHooks();
  await app.listen(process.env.PORT ?? 3000, process.env.HOST ?? '127.0.0.1');
  return app;
}

if (process.argv[1] === import.meta.filename) await bootstrap();
