// Delivery reports by webhook, behind Fastify and a global prefix: POST /api/sms/reports/<secret>.
// By hand: npx nestjs-oursms-gateway --webhook http://127.0.0.1:3000/api/sms/reports/only-for-the-simulator
import { Body, Controller, Get, Injectable, Module, NotFoundException, Param, Post, UseFilters } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventEmitterModule } from '@nestjs/event-emitter';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { monotonic, OnDlr, OurSmsExceptionFilter, OurSmsModule, OurSmsService, OurSmsWebhook } from 'nestjs-oursms';
import { SendMessageDto, type Dlr, type DlrStatus } from 'nestjs-oursms';

/** Stands for your table: the last status of each message, and the reports that were handled. */
@Injectable()
export class Statuses {
  private readonly statuses = new Map<string, DlrStatus>();
  private readonly handled = new Set<string>();

  /** The gateway repeats a push until it is answered, and pushes may overtake one another. */
  @OnDlr()
  onDlr({ id, msgId, status }: Dlr): void {
    if (msgId === undefined || this.handled.has(id)) return;
    if (monotonic(this.statuses.get(msgId), status)) this.statuses.set(msgId, status);
    this.handled.add(id); // in a database: by the same transaction
  }

  of(msgId: string): DlrStatus | undefined {
    return this.statuses.get(msgId);
  }
}

@Controller('messages')
@UseFilters(OurSmsExceptionFilter)
export class MessagesController {
  constructor(
    private readonly oursms: OurSmsService,
    private readonly statuses: Statuses,
  ) {}

  @Post()
  async send(@Body() { dests, body }: SendMessageDto): Promise<{ msgIds: (string | undefined)[] }> {
    const { acceptedMsgs } = await this.oursms.send({ dests, body, dlr: true }); // without `dlr` there is no report
    return { msgIds: acceptedMsgs.map(({ msgId }) => msgId) };
  }

  @Get(':msgId')
  status(@Param('msgId') msgId: string): { status: DlrStatus } {
    const status = this.statuses.of(msgId);
    if (status === undefined) throw new NotFoundException('No report has come yet.');
    return { status };
  }
}

@Module({
  imports: [
    EventEmitterModule.forRoot(), // no ScheduleModule: nothing is polled
    OurSmsModule.forRootAsync({
      // The simulated gateway, unless OURSMS_BASE_URL and OURSMS_API_KEY name another.
      useFactory: () => {
        const { OURSMS_BASE_URL, OURSMS_API_KEY = 'demo-key', OURSMS_SRC = 'MyBrand', OURSMS_STORAGE } = process.env;
        return {
          baseUrl: OURSMS_BASE_URL ?? 'http://127.0.0.1:4100',
          auth: { apiKey: OURSMS_API_KEY },
          defaults: { src: OURSMS_SRC },
          // A report is on this disk before its push is answered with 200.
          storage: { path: OURSMS_STORAGE ?? '.oursms' },
          // A client that knows the secret can invent reports: with another gateway, a start without one of your own fails.
          dlr: { webhook: { secret: process.env.DLR_SECRET ?? (OURSMS_BASE_URL ? '' : 'only-for-the-simulator') } },
        };
      },
    }),
  ],
  controllers: [MessagesController, OurSmsWebhook('sms/reports')],
  providers: [Statuses],
})
export class WebhookFastifyModule {}

export async function bootstrap(): Promise<NestFastifyApplication> {
  // No `logger: true`: Fastify would write the address of each push, and with it the secret. The same holds for the access log
  // of a proxy in front of it.
  const app = await NestFactory.create<NestFastifyApplication>(WebhookFastifyModule, new FastifyAdapter());
  app.setGlobalPrefix('api'); // a part of the address that is entered in the provider's dashboard
  app.enableShutdownHooks(); // pushes get 503 while it ends, and are repeated by the gateway
  await app.listen(process.env.PORT ?? 3000, process.env.HOST ?? '127.0.0.1');
  return app;
}

if (process.argv[1] === import.meta.filename) await bootstrap();
