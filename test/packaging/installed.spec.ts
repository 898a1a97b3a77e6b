import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PackagedApplication, type ApplicationPlan } from '../support/packaging-application.js';
import { startGatewayCommand } from '../support/packaging-gateway.js';
import { TestRedis } from '../support/redis.js';
import { itWithOwnRedis } from '../support/redis-at-hand.js';
import { packTarball, type Tarball } from '../support/packaging-tarball.js';
import { endWhatIsLeft } from '../support/what-is-left.js';

const EVERYWHERE = [
  'axios@1',
  'class-transformer@0.5',
  'reflect-metadata@0.2',
  'rxjs@7',
  '@types/node@20',
  'bullmq@6',
  'ioredis@5',
];
const NEST_12 = [
  ...['@nestjs/common@12', '@nestjs/core@12', '@nestjs/axios@12', '@nestjs/event-emitter@12', '@nestjs/schedule@12'],
  ...['@nestjs/bullmq@12', '@nestjs/platform-express@12', '@nestjs/platform-fastify@12'],
  ...['class-validator@0.15', 'typescript@~6.0.0', ...EVERYWHERE],
];
const NEST_11 = [
  ...['@nestjs/common@11', '@nestjs/core@11', '@nestjs/axios@4', '@nestjs/event-emitter@3', '@nestjs/schedule@6'],
  ...['@nestjs/bullmq@11', '@nestjs/platform-express@11', '@nestjs/platform-fastify@11'],
  ...['class-validator@0.14', 'typescript@~5.9.0', ...EVERYWHERE],
];
const APPLICATIONS: (ApplicationPlan & { name: string })[] = [
  { name: 'Nest 12, ES modules', modules: 'esm', packages: NEST_12, gateway: 'in-process' },
  { name: 'Nest 11, ES modules', modules: 'esm', packages: NEST_11, gateway: 'in-process' },
  { name: 'Nest 11, CommonJS', modules: 'commonjs', packages: NEST_11, gateway: 'outside' },
];

describe('the installed package', () => {
  let tarball: Tarball;

  beforeAll(async () => {
    tarball = await packTarball();
  }, 60_000);

  afterAll(() => tarball?.remove());

  describe.each(APPLICATIONS)('in an application on $name', (plan) => {
    let application: PackagedApplication;

    beforeAll(async () => {
      application = await PackagedApplication.create(plan, tarball.path);
    }, 200_000);

    afterAll(() => application?.remove());

    it('compiles together with the README example, without errors in any type declaration', async () => {
      expect(await application.compile()).toEqual([]);
    }, 130_000);

    it('is installed without OpenTelemetry, which only the opentelemetry entry needs', () => {
      expect(existsSync(join(application.directory, 'node_modules/nestjs-oursms'))).toBe(true);
      expect(existsSync(join(application.directory, 'node_modules/@opentelemetry'))).toBe(false);
    });

    const run = async (env: Record<string, string>): Promise<void> => {
      const gateway = plan.gateway === 'outside' ? await startGatewayCommand(gatewayOf(application)) : undefined;
      try {
        const ended = await application.start({ ...env, ...(gateway && { OURSMS_BASE_URL: gateway.url }) });

        expect(ended).toMatchObject({ code: 0, stderr: '' });
        const { receipt, report, answer, pushed, credits } = JSON.parse(ended.stdout) as Said;
        expect(receipt).toMatchObject({ total: 1, accepted: 1 });
        expect(report).toMatchObject({ status: 'delivered', dest: '966501234567', src: 'Packed', account: 'default' });
        expect(answer).toBe(200);
        expect(pushed).toMatchObject({
          status: 'undelivered',
          dest: '966501234568',
          msgId: 'pushed',
          account: 'default',
        });
        expect(credits).toBe(999);
      } finally {
        expect(await gateway?.stop()).toBe(gateway && 0);
      }
    };

    it(
      'sends, receives a polled and a pushed report, reads the credits, and lets the process exit',
      () => run({}),
      90_000,
    );

    it('works the same on Fastify', () => run({ HTTP_SERVER: 'fastify' }), 90_000);

    itWithOwnRedis(
      'works the same with its reports stored in Redis',
      async () => {
        const redis = await TestRedis.start();
        try {
          await run({ REDIS_URL: redis.url });
        } finally {
          await redis.remove();
        }
      },
      90_000,
    );
  });
});

interface Said {
  receipt: unknown;
  report: unknown;
  answer: number;
  pushed: unknown;
  credits: number;
}

const gatewayOf = (application: PackagedApplication): string => application.bin('nestjs-oursms-gateway');

afterAll(endWhatIsLeft);
