import { NestFactory } from '@nestjs/core';
import { OurSmsService } from 'nestjs-oursms';
import { AppModule } from './app.module.js';
import { openGateway } from './gateway.js';
import { ReportListener } from './report-listener.js';

/** Sends one message, waits for its report, and says what happened. The process then ends by itself. */
async function main(): Promise<void> {
  const closeGateway = await openGateway();
  try {
    const app = await NestFactory.createApplicationContext(AppModule, { logger: ['error'], abortOnError: false });
    try {
      const oursms = app.get(OurSmsService, { strict: false });
      const receipt = await oursms.send({ dests: ['0501234567'], body: 'مرحبا', dlr: true });
      const report = await app.get(ReportListener).first();
      const { credits } = await oursms.getCredits();
      console.log(JSON.stringify({ receipt, report, credits }));
    } finally {
      await app.close();
    }
  } finally {
    await closeGateway();
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
