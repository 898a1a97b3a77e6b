import { join } from 'node:path';
import { Module, type DynamicModule } from '@nestjs/common';
import { EventEmitterModule } from '@nestjs/event-emitter';
import { ScheduleModule } from '@nestjs/schedule';
import { TerminusModule } from '@nestjs/terminus';
import { OurSmsModule, OurSmsWebhook } from 'nestjs-oursms';
import { OurSmsHealthIndicator } from 'nestjs-oursms/terminus';
import { CampaignDesk } from './campaigns/campaign-desk.js';
import { CampaignWatch } from './campaigns/campaign-watch.js';
import { CampaignsController } from './campaigns/campaigns.controller.js';
import { ListStore } from './campaigns/list-store.js';
import { ListsController } from './campaigns/lists.controller.js';
import { GatewayChoice } from './gateway/gateway-choice.js';
import { GatewayModule } from './gateway/gateway.module.js';
import { HealthController } from './health.controller.js';
import { DemoFailure } from './inbox/demo-failure.js';
import { InboxView } from './inbox/inbox-view.js';
import { InboxWatch } from './inbox/inbox-watch.js';
import { InboxController } from './inbox/inbox.controller.js';
import { CreditsController } from './messages/credits.controller.js';
import { MessagesController } from './messages/messages.controller.js';
import { SentTexts } from './messages/sent-texts.js';
import { DeliveryCounts } from './reports/delivery-counts.js';
import { DeliveriesController } from './reports/deliveries.controller.js';
import { DlrFeed } from './reports/dlr-feed.js';
import { DlrsController } from './reports/dlrs.controller.js';
import { LastHour } from './reports/last-hour.js';
import { MessageNotices } from './reports/message-notices.js';
import { ReportFile } from './reports/report-file.js';
import { ReportWay } from './reports/report-way.js';
import { WEBHOOK_PATH } from './reports/webhook-path.js';
import { OtlpExport } from './telemetry/otlp-export.js';
import type { Settings } from './settings.js';
import { StatusController } from './status.controller.js';

/** The sample: a form that sends messages, their delivery reports as they come, a look into the inbox, and campaigns. */
@Module({})
export class AppModule {
  /**
   * @param settings Whether the gateway is real, and who we are there.
   * @param otlp Where traces and metrics go, if anywhere: it ends with the application.
   */
  static with(settings: Settings, otlp?: OtlpExport): DynamicModule {
    const gateway = GatewayModule.with(settings);
    return {
      module: AppModule,
      imports: [
        EventEmitterModule.forRoot(),
        ScheduleModule.forRoot(),
        // The answer says what is wrong: a line for each probe would say it again and again.
        TerminusModule.forRoot({ logger: false }),
        gateway,
        OurSmsModule.forRootAsync({
          imports: [gateway],
          inject: [GatewayChoice],
          useFactory: (choice: GatewayChoice) => choice.moduleOptions,
        }),
      ],
      controllers: [
        MessagesController,
        CreditsController,
        DlrsController,
        DeliveriesController,
        InboxController,
        StatusController,
        HealthController,
        ListsController,
        CampaignsController,
        ...(settings.webhookSecret === undefined ? [] : [OurSmsWebhook(WEBHOOK_PATH)]),
      ],
      providers: [
        DlrFeed,
        DeliveryCounts,
        LastHour,
        MessageNotices,
        SentTexts,
        DemoFailure,
        ReportWay,
        InboxView,
        InboxWatch,
        CampaignDesk,
        CampaignWatch,
        OurSmsHealthIndicator,
        { provide: OtlpExport, useFactory: () => otlp },
        {
          provide: ListStore,
          inject: [GatewayChoice],
          useFactory: ({ directory }: GatewayChoice) => new ListStore(join(directory, 'campaign-lists')),
        },
        {
          provide: ReportFile,
          inject: [GatewayChoice],
          useFactory: ({ directory }: GatewayChoice) => new ReportFile(join(directory, 'handled-reports.jsonl')),
        },
      ],
    };
  }
}
