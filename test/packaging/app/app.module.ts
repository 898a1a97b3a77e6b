import { Module } from '@nestjs/common';
import { EventEmitterModule } from '@nestjs/event-emitter';
import { ScheduleModule } from '@nestjs/schedule';
import { OurSmsModule } from 'nestjs-oursms';
import { ReportListener } from './report-listener.js';
import { Settings, SettingsModule } from './settings.module.js';
import { storage } from './storage.js';

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
        dlr: { poll: { everyMs: 50 } },
        storage: await storage(),
      }),
    }),
  ],
  providers: [ReportListener],
})
export class AppModule {}
