import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { ROOT, runOk } from '../support/packaging-run.js';

// In a process of its own: @nestjs/throttler is CommonJS that requires the ES modules of Nest, which jest cannot do.
const PROBE = join(ROOT, 'test/packaging/probes/throttled.mjs');

/** Status codes of two requests to each route, with throttlers of these names that allow one request each. */
async function answersOf(platform: string, ...throttlers: string[]): Promise<unknown> {
  return JSON.parse((await runOk(process.execPath, [PROBE, platform, ...throttlers])).stdout);
}

describe.each(['express', 'fastify'])('on %s, @nestjs/throttler', (platform) => {
  it('does not throttle the webhook, and throttles the other routes', async () => {
    const answers = { orders: [201, 429], webhook: [200, 200], unhurried: [200, 200] };
    expect(await answersOf(platform, 'default')).toEqual(answers);
  });

  it('applies a named throttler to the webhook, unless the controller skips that throttler', async () => {
    const answers = { orders: [201, 429], webhook: [200, 429], unhurried: [200, 200] };
    expect(await answersOf(platform, 'default', 'burst')).toEqual(answers);
  });
});
