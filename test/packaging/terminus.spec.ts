import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { GatewaySimulator } from 'nestjs-oursms/testing';
import { PackagedApplication } from '../support/packaging-application.js';
import { ROOT } from '../support/packaging-run.js';
import { packTarball, type Tarball } from '../support/packaging-tarball.js';

const EVERYWHERE = ['axios@1', 'class-transformer@0.5', 'reflect-metadata@0.2', 'rxjs@7', '@types/node@20'];
const NEST_12 = [
  ...['@nestjs/common@12', '@nestjs/core@12', '@nestjs/axios@12', '@nestjs/event-emitter@12', '@nestjs/schedule@12'],
  ...[
    '@nestjs/platform-express@12',
    '@nestjs/platform-fastify@12',
    'class-validator@0.15',
    'typescript@~6.0.0',
    ...EVERYWHERE,
  ],
];
const NEST_11 = [
  ...['@nestjs/common@11', '@nestjs/core@11', '@nestjs/axios@4', '@nestjs/event-emitter@3', '@nestjs/schedule@6'],
  ...[
    '@nestjs/platform-express@11',
    '@nestjs/platform-fastify@11',
    'class-validator@0.14',
    'typescript@~5.9.0',
    ...EVERYWHERE,
  ],
];
const APPLICATIONS = [
  { name: 'the oldest Terminus 11, ES modules', modules: 'esm', packages: [...NEST_11, '@nestjs/terminus@11.1.0'] },
  { name: 'Terminus 11, CommonJS', modules: 'commonjs', packages: [...NEST_11, '@nestjs/terminus@11'] },
  { name: 'Terminus 12, ES modules', modules: 'esm', packages: [...NEST_12, '@nestjs/terminus@12'] },
] as const;

/** The code block of the guide for this file. */
async function guideFile(path: string): Promise<string> {
  const guide = await readFile(join(ROOT, 'lib/terminus/README.md'), 'utf8');
  const blocks = [...guide.matchAll(/```ts\n(.*?)```/gs)].map(([, code]) => code ?? '');
  const [block] = blocks.filter((code) => code.startsWith(`// ${path}\n`));
  if (block === undefined) throw new Error(`the guide has no block for ${path}`);
  return block;
}

describe('the health check of the guide', () => {
  let tarball: Tarball;
  let gateway: GatewaySimulator;

  beforeAll(async () => {
    tarball = await packTarball();
    gateway = await GatewaySimulator.start();
  }, 60_000);

  afterAll(async () => {
    await gateway?.stop();
    await tarball?.remove();
  });

  describe.each(APPLICATIONS)('in an application with $name', ({ modules, packages, name }) => {
    let application: PackagedApplication;

    beforeAll(async () => {
      application = await PackagedApplication.create({ modules, packages, gateway: 'outside' }, tarball.path);
      await mkdir(join(application.directory, 'src/health'));
      for (const path of ['src/health/health.controller.ts', 'src/health/health.module.ts']) {
        await writeFile(join(application.directory, path), await guideFile(path));
      }
    }, 300_000);

    afterAll(() => application?.remove());

    it('compiles', async () => {
      const complaints = await application.compile();
      // Terminus declares the types of databases that are not installed, and BullMQ is left out.
      expect(complaints.filter((one) => !/@nestjs\/terminus\/|bullmq/.test(one))).toEqual([]);
    }, 130_000);

    it('reports up, degraded (a status of its own only in Terminus 12) and down', async () => {
      const { code, stdout, stderr } = await application.probe('health-application.mjs', [gateway.url]);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      const [up, degraded, missing, down] = JSON.parse(stdout) as Record<string, unknown>[];
      expect(up).toMatchObject({ code: 200, status: 'ok', details: { sms: { status: 'up', reasons: [] } } });
      const paused = { reasons: ['paused'], reports: { waiting: 0, failed: 0 } };
      expect(degraded).toMatchObject(
        name.includes('12')
          ? { code: 200, status: 'degraded', details: { sms: { status: 'degraded', ...paused } } }
          : { code: 200, status: 'ok', details: { sms: { status: 'up', degraded: true, ...paused } } },
      );
      expect(missing).toMatchObject({
        code: 200,
        details: {
          sms: {
            ...(name.includes('12') ? { status: 'degraded' } : { status: 'up', degraded: true }),
            ...{ reasons: ['messagesMissing', 'paused'], messages: { missing: 1 } },
          },
        },
      });
      expect(JSON.stringify(up)).not.toContain('degraded');
      const refused = { status: 'down', reasons: ['credentialsRefused', 'messagesMissing'] };
      expect(down).toMatchObject({ code: 503, status: 'error', details: { sms: refused } });
      expect(stdout).not.toMatch(/hush|demo|127\.0\.0\.1|966|MyBrand/);
    }, 90_000);
  });
});
