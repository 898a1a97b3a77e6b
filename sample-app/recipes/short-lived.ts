// A process that sends one message and ends: a job of cron, a step of a pipeline, a function in the cloud.
//   node sample-app/dist/recipes/short-lived.js 0501234567 'The backup has failed'; echo $?
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { OurSmsError, OurSmsModule, OurSmsService } from 'nestjs-oursms';

/** What became of the message. */
export interface Sent {
  /**
   * `retryable`: nothing was sent, and the same call may work later. `refused`: nothing was sent, and nothing will be until a person
   * changes something. `unknown`: it may have been sent.
   */
  outcome: 'sent' | 'retryable' | 'refused' | 'unknown';
  /** Of what was not sent. It holds neither the number nor the text. */
  why?: string;
}

const EXIT_CODES: Record<Sent['outcome'], number> = {
  sent: 0,
  retryable: 75, // EX_TEMPFAIL: run it again later
  refused: 1,
  unknown: 2,
};

@Module({
  imports: [
    OurSmsModule.forRootAsync({
      // The simulated gateway (npx nestjs-oursms-gateway), unless OURSMS_BASE_URL and OURSMS_API_KEY name another.
      useFactory: () => ({
        baseUrl: process.env.OURSMS_BASE_URL ?? 'http://127.0.0.1:4100',
        auth: { apiKey: process.env.OURSMS_API_KEY ?? 'demo-key' },
        defaults: { src: process.env.OURSMS_SRC ?? 'MyBrand' },
        // Together less than the time that the function gets: when that ends it, the outcome is not known.
        http: { timeoutMs: 8_000 },
        retry: { deadlineMs: 10_000 },
        // What must not stand here:
        // - dlr.poll: the gateway deletes the reports that it delivers, and this process ends before they are handled. They belong
        //   to an application that runs, or to its webhook.
        // - tracking, and campaigns: they need a process that runs, and a store that outlives it. `storage: 'memory'` would forget
        //   all of it when the process ends, and a directory in a function is gone as well.
      }),
    }),
  ],
})
export class ShortLivedModule {}

/** Starts, sends and ends. */
export async function sendOnce(number: string, body: string): Promise<Sent> {
  // No HTTP server. `abortOnError: false`, so that a faulty configuration is an error here, and not the end of the process.
  const app = await NestFactory.createApplicationContext(ShortLivedModule, {
    logger: ['error', 'warn'],
    abortOnError: false,
  });
  try {
    // Schedulers and clouds start a process again when they believe that it has failed. With `prevDups` the gateway itself refuses
    // a text that it has sent to this number within the hour: `duplicates` of the receipt, which is as good as sent.
    const { rejected = 0, rejectedMsgs } = await app.get(OurSmsService).send({ dests: number, body, prevDups: 60 });
    return rejected > 0 ? { outcome: 'refused', why: rejectedMsgs[0]?.reason } : { outcome: 'sent' };
  } catch (error) {
    if (!(error instanceof OurSmsError)) throw error;
    const { message: why, retryable } = error;
    if (error.outcome === 'unknown') return { outcome: 'unknown', why };
    return { outcome: retryable ? 'retryable' : 'refused', why };
  } finally {
    // Or open connections keep the process running. A function that stays warm may keep the context between its calls instead.
    await app.close();
  }
}

/** A function in the cloud. What it throws makes most of them call it again, so only what may be repeated is thrown. */
export async function handler(event: { number: string; body: string }): Promise<Sent> {
  const sent = await sendOnce(event.number, event.body);
  if (sent.outcome === 'retryable') throw new Error(sent.why);
  return sent;
}

/** The program: its arguments are the number and the text. */
export async function bootstrap([number = '', body = '']: string[]): Promise<void> {
  const { outcome, why } = await sendOnce(number, body);
  if (why !== undefined) console.error(why);
  process.exitCode = EXIT_CODES[outcome]; // no process.exit(): what was logged is written first
}

if (process.argv[1] === import.meta.filename) await bootstrap(process.argv.slice(2));
