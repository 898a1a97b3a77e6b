// An order whose message is followed to its end: accepted, delivered, or never heard of again.
import {
  Body,
  Controller,
  Get,
  Injectable,
  Logger,
  Module,
  NotFoundException,
  Param,
  Post,
  Query,
} from '@nestjs/common';
import { UseFilters, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventEmitterModule, OnEvent } from '@nestjs/event-emitter';
import { ScheduleModule } from '@nestjs/schedule';
import { Messages, OnDlr, OURSMS_MESSAGE_CONFIRMED, OURSMS_MESSAGE_MISSING, OurSmsError } from 'nestjs-oursms';
import { OurSmsExceptionFilter, OurSmsModule, OurSmsService } from 'nestjs-oursms';
import type { Dlr, MessagesConfirmed, MessagesMissing, MessageState } from 'nestjs-oursms';

/** Ours alone: it is never sent to the gateway. The record of a message has it, and each report of it. */
const referenceOf = (orderId: string): string => `order-${orderId}`;

/** Stands for the column of your orders: whether the customer knows. */
type Notified = 'sending' | 'sent' | 'unsure' | 'delivered' | 'notDelivered' | 'call';

@Injectable()
export class Orders {
  private readonly logger = new Logger(Orders.name);
  private readonly notified = new Map<string, Notified>();

  constructor(private readonly oursms: OurSmsService) {}

  async ready(orderId: string, number: string): Promise<void> {
    const reference = referenceOf(orderId);
    this.notified.set(reference, 'sending');
    const message = { dests: number, body: `طلبك ${orderId} من متجر الواحة جاهز للاستلام.`, dlr: true };
    try {
      // The record is kept before the message leaves: no report is too early for it.
      await this.oursms.send(message, { reference });
      // The report may have come before the answer.
      if (this.notified.get(reference) === 'sending') this.notified.set(reference, 'sent');
    } catch (error) {
      const isUnknown = error instanceof OurSmsError && error.outcome === 'unknown';
      // Not sent again: a report will tell, and the order says so until then.
      if (isUnknown) this.notified.set(reference, 'unsure');
      else this.notified.delete(reference);
      if (!isUnknown) throw error;
    }
  }

  get(orderId: string): Notified | undefined {
    return this.notified.get(referenceOf(orderId));
  }

  /** Without a reference, the message is none of these orders. An interim status is followed by another report. */
  @OnDlr()
  onDlr({ reference, status, isFinal }: Dlr): void {
    if (reference === undefined || !isFinal) return;
    // A report that comes late beats `call`.
    this.notified.set(reference, status === 'delivered' ? 'delivered' : 'notDelivered');
  }

  /** No answer had come to the send; now a report has, whatever it says: it was sent. */
  @OnEvent(OURSMS_MESSAGE_CONFIRMED)
  onConfirmed({ messages }: MessagesConfirmed): void {
    for (const { reference } of messages) {
      if (reference && this.notified.get(reference) === 'unsure') this.notified.set(reference, 'sent');
    }
  }

  /** Accepted, and no final report in `missingAfterMs`: a telephone that is off for a day, for example. */
  @OnEvent(OURSMS_MESSAGE_MISSING)
  onMissing({ messages }: MessagesMissing): void {
    for (const { reference, dest } of messages) {
      if (reference === undefined) continue;
      this.notified.set(reference, 'call');
      this.logger.warn(`No report of ${reference} to ${dest}: call the customer.`); // `dest` is masked
    }
  }
}

@Controller('orders/:id')
@UseFilters(OurSmsExceptionFilter)
export class OrdersController {
  constructor(
    private readonly orders: Orders,
    private readonly messages: Messages,
  ) {}

  @Post('ready')
  async ready(@Param('id') id: string, @Body('number') number: string): Promise<{ notified?: Notified }> {
    await this.orders.ready(id, number);
    return { notified: this.orders.get(id) };
  }

  /** `?waitMs=5000`: answers as soon as the message has its final state, and after that time at the latest. */
  @Get('message')
  async message(
    @Param('id') id: string,
    @Query('waitMs') waitMs = '0',
  ): Promise<{ state?: MessageState; notified?: Notified }> {
    const timeoutMs = Math.min(Number(waitMs) || 0, 30_000);
    const found = await this.messages.settled(referenceOf(id), { timeoutMs });
    if (found === undefined) throw new NotFoundException('No message was sent for this order.');
    return { state: found.recipients[0]?.state, notified: this.orders.get(id) };
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
        storage: { path: process.env.OURSMS_STORAGE ?? '.oursms' },
        dlr: { poll: { everyMs: Number(process.env.POLL_EVERY_MS ?? 15_000) } },
        tracking: { missingAfterMs: Number(process.env.MISSING_AFTER_MS ?? 86_400_000) },
      }),
    }),
  ],
  controllers: [OrdersController],
  providers: [Orders],
})
export class TrackedOrderModule {}

export async function bootstrap(): Promise<INestApplication> {
  const app = await NestFactory.create(TrackedOrderModule);
  app.enableShutdownHooks();
  await app.listen(process.env.PORT ?? 3000, process.env.HOST ?? '127.0.0.1');
  return app;
}

if (process.argv[1] === import.meta.filename) await bootstrap();
