/* global fetch */
/**
 * An application under OpenTelemetry: node traced-application.mjs <gateway> <username> <password>. It makes each call over
 * both transports, beside requests of its own, and prints all spans as JSON.
 */
import 'reflect-metadata';
import http from 'node:http';
import { createRequire, register } from 'node:module';
import { context, trace } from '@opentelemetry/api';
import { registerInstrumentations } from '@opentelemetry/instrumentation';
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http';
import { UndiciInstrumentation } from '@opentelemetry/instrumentation-undici';
import { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node';

register('@opentelemetry/instrumentation/hook.mjs', import.meta.url);
const exporter = new InMemorySpanExporter();
new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }).register();
registerInstrumentations({ instrumentations: [new HttpInstrumentation(), new UndiciInstrumentation()] });
createRequire(import.meta.url)('http');

const { NestFactory } = await import('@nestjs/core');
const { OurSmsModule, OurSmsService, getOurSmsToken } = await import('nestjs-oursms');
const [baseUrl, username, password] = process.argv.slice(2);
const account = { baseUrl, auth: { username, password }, http: { maxConnections: 2 }, retry: { attempts: 1 } };

class AppModule {}
const module = {
  module: AppModule,
  imports: [OurSmsModule.forRoot(account), OurSmsModule.forRoot({ ...account, name: 'axios' })],
};
const app = await NestFactory.createApplicationContext(module, { logger: ['error'], abortOnError: false });
const own = app.get(OurSmsService, { strict: false });
const overAxios = app.get(getOurSmsToken('axios'), { strict: false });
overAxios.httpService.axiosRef.defaults.adapter = 'http';

const message = { src: 'Traced', dests: ['0501234567'], body: 'Secret text 483920' };
const tracer = trace.getTracer('application');
const get = (url) => new Promise((resolve) => http.get(url, (answer) => answer.resume().on('end', resolve)));

await tracer.startActiveSpan('business', async (business) => {
  for (const sms of [own, overAxios]) {
    await sms.send(message);
    await sms.send(message, { method: 'GET' });
    await sms.downloadDlrs();
    // More than there are connections: some of them wait for one.
    await Promise.all(Array.from({ length: 20 }, () => sms.getCredits()));
    await Promise.all(Array.from({ length: 20 }, () => sms.send(message, { method: 'GET' })));
    tracer.startSpan('after', {}, context.active()).end();
  }
  // Those of the application are seen as ever.
  await (await fetch(`${baseUrl}/seen-by-undici`)).text();
  await get(`${baseUrl}/seen-by-http`);
  business.end();
});
await app.close();
console.log(
  JSON.stringify(
    exporter.getFinishedSpans().map(({ name, attributes, events, parentSpanContext }) => ({
      ...{ name, attributes, events, hasParent: parentSpanContext !== undefined },
    })),
  ),
);
