import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

interface Point {
  asInt?: number;
  asDouble?: number;
  count?: number;
  attributes: { key: string; value: { stringValue?: string } }[];
}

interface ExportRequest {
  resourceMetrics: {
    scopeMetrics: { metrics: { name: string; sum?: Points; gauge?: Points; histogram?: Points }[] }[];
  }[];
}

interface Points {
  dataPoints: Point[];
}

/** An HTTP server that takes metrics by OTLP, as a collector does. */
export class MetricsCollector {
  /** Each export as it came: JSON. */
  readonly exports: string[] = [];

  private constructor(private readonly server: Server) {}

  static async start(): Promise<MetricsCollector> {
    const collector: MetricsCollector = new MetricsCollector(
      createServer((request, response) => {
        let body = '';
        request.setEncoding('utf8').on('data', (text: string) => (body += text));
        request.once('end', () => {
          if (request.url === '/v1/metrics') collector.exports.push(body);
          response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
        });
      }),
    );
    await new Promise<void>((resolve) => collector.server.listen(0, '127.0.0.1', resolve));
    return collector;
  }

  /** For `OTEL_EXPORTER_OTLP_ENDPOINT`. */
  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** The last points of a metric that were exported: value or, of a histogram, count. */
  last(metric: string): { value: number; attributes: Record<string, string | undefined> }[] {
    for (const text of this.exports.toReversed()) {
      const all = (JSON.parse(text) as ExportRequest).resourceMetrics.flatMap(({ scopeMetrics }) => scopeMetrics);
      const found = all.flatMap(({ metrics }) => metrics).find(({ name }) => name === metric);
      const { dataPoints = [] } = found?.sum ?? found?.gauge ?? found?.histogram ?? {};
      if (dataPoints.length > 0) return dataPoints.map(toRead);
    }
    return [];
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

const toRead = ({ asInt, asDouble, count, attributes }: Point): ReturnType<MetricsCollector['last']>[number] => ({
  value: Number(asInt ?? asDouble ?? count),
  attributes: Object.fromEntries(attributes.map(({ key, value }) => [key, value.stringValue])),
});
