import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { GatewaySimulator } from 'nestjs-oursms/testing';
import { RehearsedImage } from '../support/packaging-image.js';
import { packTarball, type Tarball } from '../support/packaging-tarball.js';

describe('the commands of the Dockerfile of the recipes', () => {
  let tarball: Tarball;
  let gateway: GatewaySimulator;
  let image: RehearsedImage;

  beforeAll(async () => {
    tarball = await packTarball();
    gateway = await GatewaySimulator.start();
    image = await RehearsedImage.build('health-and-metrics.ts', tarball.path);
  }, 600_000);

  afterAll(async () => {
    await image?.remove();
    await gateway?.stop();
    await tarball?.remove();
  });

  const has = (path: string): Promise<boolean> =>
    access(join(image.directory, path)).then(
      () => true,
      () => false,
    );

  it('build an application that starts, passes its health check, creates its store, and ends on SIGTERM', async () => {
    const running = await image.start({ OURSMS_BASE_URL: gateway.jsonUrl, HOST: '127.0.0.1' });
    expect(await image.checkHealth(running.url)).toEqual({ code: 0, stdout: '', stderr: '' });
    expect((await fetch(`${running.url}/health/ready`)).status).toBe(200);
    expect(await has(`../${image.dockerfile.env.OURSMS_STORAGE}/default`)).toBe(true);
    expect(await running.end()).toEqual({ code: null, signal: 'SIGTERM' });
    expect((await image.checkHealth(running.url)).code).toBe(1);
  });

  it('leave files that only the build needs out of the image', async () => {
    expect(await has('dist/main.js')).toBe(true);
    expect(await has('node_modules/nestjs-oursms/dist/index.js')).toBe(true);
    expect(await Promise.all(['src', 'node_modules/typescript', 'package-lock.json'].map(has))).toEqual([
      false,
      false,
      false,
    ]);
  });
});
