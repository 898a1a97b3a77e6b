import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { until } from '../support/application.js';
import { SampleBench } from '../support/sample-bench.js';

describe('the sample application with a collector', () => {
  let collector: Server;
  let received: { path: string; body: string }[];
  let sample: SampleBench | undefined;

  beforeEach(async () => {
    received = [];
    collector = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => void chunks.push(chunk));
      request.on('end', () => {
        received.push({ path: request.url ?? '', body: Buffer.concat(chunks).toString('latin1') });
        response.end('{}');
      });
    });
    collector.listen(0, '127.0.0.1');
    await once(collector, 'listening');
  });

  afterEach(async () => {
    await sample?.close();
    sample = undefined;
    collector.closeAllConnections();
    collector.close();
  });

  it('exports traces and metrics without texts and numbers, and flushes them at shutdown', async () => {
    const { port } = collector.address() as AddressInfo;
    sample = await SampleBench.start({ OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}/` });
    const response = await fetch(`${sample.url}/messages`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ src: 'MyBrand', dests: ['0501234567'], body: 'Your secret code', dlr: true }),
    });
    expect(response.status).toBe(201);
    await sample.stop();
    await until('traces and metrics have arrived', () => new Set(received.map(({ path }) => path)).size === 2);
    expect([...new Set(received.map(({ path }) => path))].sort()).toEqual(['/v1/metrics', '/v1/traces']);
    const all = received.map(({ body }) => body).join('');
    expect(all).toContain('send sms');
    expect(all).toContain('oursms.sends');
    expect(all).not.toMatch(/1234567|secret code|MyBrand|demo-|Basic /);
  });

  it('shuts down although the collector is unavailable', async () => {
    collector.closeAllConnections();
    const { port } = collector.address() as AddressInfo;
    collector.close();
    sample = await SampleBench.start({ OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}` });
    await sample.stop();
    expect(received).toEqual([]);
  });
});
