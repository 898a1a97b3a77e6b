import { describe, expect, it } from '@jest/globals';
import { ROOT, runOk } from '../support/packaging-run.js';

describe('the entries of the package', () => {
  it('share the classes of the root entry: errors that they throw are instances of its exported classes', async () => {
    const thrown = await evaluate(`
      const { OurSmsConfigError } = await import('nestjs-oursms');
      const { bullMqEngine } = await import('nestjs-oursms/bullmq');
      try {
        return bullMqEngine({ leaseMs: 1 });
      } catch (error) {
        return [error instanceof OurSmsConfigError, error.constructor.name, error.stack];
      }
    `);

    expect(thrown).toEqual([true, 'OurSmsConfigError', expect.stringMatching(/leaseMs[^]+ at bullMqEngine /)]);
  });

  it('export each class and function under its own name', async () => {
    const others = (await evaluate(`
      const entries = ['', '/testing', '/bullmq', '/terminus', '/opentelemetry'];
      const modules = await Promise.all(entries.map((entry) => import('nestjs-oursms' + entry)));
      return modules.map((module) =>
        Object.entries(module)
          .filter(([, value]) => typeof value === 'function')
          .map(([name, value]) => [name, value.name]),
      );
    `)) as [string, string][][];

    expect(others.map((names) => names.length > 0)).toEqual([true, true, true, true, true]);
    expect(others.flat().filter(([exported, name]) => exported !== name)).toEqual([]);
  });
});

/** Runs code in a separate process, where `nestjs-oursms` resolves to the package in dist/. */
async function evaluate(code: string): Promise<unknown> {
  const program = `console.log(JSON.stringify(await (async () => {${code}})()));`;
  const { stdout } = await runOk(process.execPath, ['--input-type=module', '--eval', program], { cwd: ROOT });
  return JSON.parse(stdout);
}
