/**
 * An HTTP application under OpenTelemetry, with the entry of this package for it: node telemetry-application.mjs <gateway>
 * <username> <password>. Each of its requests sends a message, over either transport, and it prints all spans as JSON.
 */
import 'reflect-metadata';
import http from 'node:http';
import { createRequire, register } from 'node:module';
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
const { OurSmsModule, getOurSmsToken } = await import('nestjs-oursms');
const { openTelemetry } = await import('nestjs-oursms/opentelemetry');
const [baseUrl, username, password] = process.argv.slice(2);
const account = { baseUrl, auth: { username, password }, retry: { attempts: 1 }, telemetry: openTelemetry() };

class AppModule {}
const module = {
  module: AppModule,
  imports: [OurSmsModule.forRoot({ ...account, name: 'undici' }), OurSmsModule.forRoot({ ...account, name: 'axios' })],
};
const app = await NestFactory.create(module, { logger: ['error'], abortOnError: false });
const smsOf = (name) => app.get(getOurSmsToken(name), { strict: false });
smsOf('axios').httpService.axiosRef.defaults.adapter = 'http';
app.getHttpAdapter().get('/:account', async (request, response) => {
  const message = { src: 'Traced', dests: ['0501234567'], body: 'Secret text 483920' };
  const receipt = await smsOf(request.params.account).send(message);
  response.send(String(receipt.accepted));
});
await app.listen(0, '127.0.0.1');
const url = await app.getUrl();
const get = (path) => new Promise((resolve) => http.get(url + path, (answer) => answer.resume().on('end', resolve)));
await get('/undici');
await get('/axios');
await app.close();
console.log(
  JSON.stringify(
    exporter.getFinishedSpans().map((span) => ({
      ...{ name: span.name, kind: span.kind, attributes: span.attributes, events: span.events },
      ...{ spanId: span.spanContext().spanId, parentId: span.parentSpanContext?.spanId },
    })),
  ),
);
