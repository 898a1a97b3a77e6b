import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PackagedApplication } from '../support/packaging-application.js';
import { packTarball, type Tarball } from '../support/packaging-tarball.js';
import { httpAnswer, startRawGateway, type RawGateway } from '../support/raw-gateway.js';

const PACKAGES = [
  ...['@nestjs/common@12', '@nestjs/core@12', '@nestjs/axios@12', '@nestjs/event-emitter@12', '@nestjs/schedule@12'],
  ...['axios@1', 'class-transformer@0.5', 'class-validator@0.15', 'reflect-metadata@0.2', 'rxjs@7'],
  ...['@opentelemetry/sdk-trace-node@2', '@opentelemetry/instrumentation', '@opentelemetry/instrumentation-http'],
  ...['@opentelemetry/instrumentation-undici', '@nestjs/platform-express@12'],
];
/** `SpanKind.SERVER` */
const SERVER = 1;
const SECRETS = ['hush-hush', '966501234567', 'Secret', '483920', 'shopper'];

interface Span {
  name: string;
  attributes: Record<string, unknown>;
  hasParent: boolean;
}

interface SpanOfRequest {
  name: string;
  kind: number;
  attributes: Record<string, unknown>;
  spanId: string;
  parentId?: string;
}

/** Responds to every request, and keeps the connection open. */
const answerAll = (socket: NodeJS.WritableStream & NodeJS.ReadableStream): void => {
  let rest = '';
  socket.on('data', (data) => {
    rest += String(data);
    for (let end = rest.indexOf('\r\n\r\n'); end >= 0; end = rest.indexOf('\r\n\r\n')) {
      const length = Number(/content-length: (\d+)/i.exec(rest.slice(0, end))?.[1] ?? 0);
      if (rest.length < end + 4 + length) return;
      socket.write(httpAnswer('{"credits":5,"accepted":1,"dlrs":[]}'));
      rest = rest.slice(end + 4 + length);
    }
  });
};

describe('an application with OpenTelemetry instrumentations', () => {
  let tarball: Tarball;
  beforeAll(async () => {
    tarball = await packTarball();
  }, 60_000);
  afterAll(() => tarball?.remove());

  describe.each(['~1.9.0', '1'])('and its API %s', (version) => {
    let application: PackagedApplication;
    let gateway: RawGateway;
    let spans: Span[];
    beforeAll(async () => {
      const packages = [...PACKAGES, `@opentelemetry/api@${version}`];
      application = await PackagedApplication.create({ modules: 'esm', packages, gateway: 'in-process' }, tarball.path);
      gateway = await startRawGateway(answerAll);
      const ended = await application.probe('traced-application.mjs', [gateway.url, 'shopper', 'hush-hush']);
      expect(ended).toMatchObject({ code: 0, stderr: '' });
      spans = JSON.parse(ended.stdout) as Span[];
    }, 300_000);
    afterAll(async () => {
      await gateway?.close();
      await application?.remove();
    });

    it('records no span for a call to the provider, and no secret in any span', () => {
      const said = JSON.stringify(spans);
      for (const secret of SECRETS) expect(said).not.toContain(secret);
      expect(spans.map(({ name, hasParent }) => `${name} ${hasParent}`).sort()).toEqual([
        ...['GET true', 'GET true', 'after true', 'after true', 'business false'],
      ]);
    });

    it('sends no trace header to the provider', () => {
      const requests = gateway.received.join('').split(/(?=(?:GET|POST) \/api-a)/);
      const [own, others] = [
        requests.filter((one) => one.includes('/seen-by')),
        requests.filter((one) => !one.includes('/seen-by')),
      ];
      // 43 calls over each transport; those of the application show that it does trace.
      expect(others.length).toBe(86);
      expect(others.filter((one) => /^(?:traceparent|tracestate|baggage|b3)/im.test(one))).toEqual([]);
      expect(own.map((one) => /^traceparent/im.test(one))).toEqual([true, true]);
    });

    it('records each send as a child of its incoming request with nestjs-oursms/opentelemetry', async () => {
      const args = [gateway.url, 'shopper', 'hush-hush'];
      const ended = await application.probe('telemetry-application.mjs', args);
      expect(ended).toMatchObject({ code: 0, stderr: '' });
      for (const secret of SECRETS) expect(ended.stdout).not.toContain(secret);
      const recorded = JSON.parse(ended.stdout) as SpanOfRequest[];
      const incoming = recorded.filter(({ kind }) => kind === SERVER);
      const sends = recorded.filter(({ name }) => name === 'send sms');
      expect(sends.map(({ attributes }) => attributes['oursms.account'])).toEqual(['undici', 'axios']);
      expect(sends.map(({ parentId }) => parentId)).toEqual(incoming.map(({ spanId }) => spanId));
      // The other spans belong to the HTTP requests to the application; no span belongs to a request to the gateway.
      const others = recorded.filter((span) => !sends.includes(span) && !incoming.includes(span));
      expect(others.map(({ name, parentId }) => `${name} ${parentId}`)).toEqual(['GET undefined', 'GET undefined']);
    });

    it('still records the other requests of the application', () => {
      const said = spans.map(({ attributes }) => JSON.stringify(attributes));
      expect(said.filter((attributes) => attributes.includes('/seen-by')).length).toBe(2);
    });
  });
});
