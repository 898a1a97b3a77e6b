import { Module } from '@nestjs/common';
import { EventEmitterModule } from '@nestjs/event-emitter';
import { ScheduleModule } from '@nestjs/schedule';
import { OurSmsModule, OurSmsWebhook } from 'nestjs-oursms';
import { ReportListener } from './report-listener.js';
import { Settings, SettingsModule } from './settings.module.js';
import { storage } from './storage.js';

/** Last part of the address that reports are pushed to. */
export const WEBHOOK_SECRET = 'a-secret-of-the-package';

@Module({
  imports: [
    EventEmitterModule.forRoot(),
    ScheduleModule.forRoot(),
    OurSmsModule.forRootAsync({
      imports: [SettingsModule],
      inject: [Settings],
      useFactory: async (settings: Settings) => ({
        baseUrl: settings.get('OURSMS_BASE_URL'),
        auth: { username: 'demo', password: 'demo' },
        defaults: { src: 'Packed' },
        dlr: { poll: { everyMs: 50 }, webhook: { secret: WEBHOOK_SECRET } },
        storage: await storage(),
      }),
    }),
  ],
  controllers: [OurSmsWebhook('sms/reports')],
  providers: [ReportListener],
})
export class AppModule {}
