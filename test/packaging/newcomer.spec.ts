import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startGatewayCommand, type GatewayCommand } from '../support/packaging-gateway.js';
import { run, runOk, runUntil, type Ended } from '../support/packaging-run.js';
import { ScaffoldedApplication } from '../support/packaging-scaffold.js';
import { packTarball, type Tarball } from '../support/packaging-tarball.js';

/** The README shows this as printed some seconds after its request. */
const REPORT = /^966501234567 delivered$/m;
const SPECS = ['src/login-codes.spec.ts', 'src/app.spec.ts', 'src/gateway.spec.ts'];
const ESBUILD = 'esbuild@0.28';
const SWC = ['@swc/cli@0.8', '@swc/core@1'];
const RSPACK = ['@rspack/core@2', 'webpack-node-externals@3', 'tsconfig-paths-webpack-plugin@4'];

const CLIS = [
  { cli: 11, runner: 'Jest', builders: ['swc', 'webpack'], packages: [ESBUILD, ...SWC] },
  { cli: 12, runner: 'Vitest', builders: ['swc', 'rspack'], packages: [ESBUILD, ...SWC, ...RSPACK] },
];

describe.each(CLIS)('a new application of Nest CLI $cli with the code of the README', (plan) => {
  let tarball: Tarball;
  let application: ScaffoldedApplication;
  let gateway: GatewayCommand;

  beforeAll(async () => {
    tarball = await packTarball();
    application = await ScaffoldedApplication.create(plan.cli, tarball, plan.packages);
    gateway = await startGatewayCommand(application.bin('nestjs-oursms-gateway'));
    const module = application.readme.file('src/app.module.ts');
    await application.paste('src/app.module.ts', module.replace('http://127.0.0.1:4100', new URL(gateway.url).origin));
    await application.paste('src/main.ts');
  }, 600_000);

  afterAll(async () => {
    await gateway?.stop();
    await application?.remove();
    await tarball?.remove();
  });

  const printsReport = async (command: string, args: string[], cwd = application.directory): Promise<string> => {
    const port = await freePort();
    const end = new AbortController();
    const answer = askForCode(port, end.signal);
    try {
      const said = await runUntil(REPORT, command, args, { cwd, env: { PORT: `${port}`, NO_COLOR: '1' } });
      expect(await answer).toEqual({ accepted: 1 });
      return said;
    } finally {
      end.abort();
    }
  };

  const writeAsNest11 = (): Promise<void> =>
    application.paste('src/main.ts', application.readme.file('src/main.ts').replace('app.module.js', 'app.module'));

  it('sends a message to the simulated gateway, and prints its report', async () => {
    expect(await printsReport('npm', ['start'])).toContain('Nest application successfully started');
  });

  it(`passes the tests of the README with ${plan.runner}, which exits afterwards`, async () => {
    for (const spec of SPECS) await application.paste(spec);
    if (plan.runner === 'Jest') {
      await application.paste('tsconfig.jest.json', application.readme.block('json', 'allowJs'));
      const keys = application.readme.block('json', 'transformIgnorePatterns');
      await application.configureJest(JSON.parse(keys) as object);
    }
    const { stdout, stderr } = await application.runOk('npm', 'test');
    for (const spec of SPECS) expect(`${stdout}${stderr}`).toMatch(new RegExp(`(PASS|✓) +${spec}`));
  });

  it.each(plan.builders)('runs when built with the builder %s of the Nest CLI', async (builder) => {
    if (builder === 'webpack') await writeAsNest11();
    await application.runOk(application.bin('nest'), 'build', '--builder', builder);
    await printsReport(process.execPath, ['dist/main.js']);
  });

  describe('bundled with esbuild', () => {
    beforeAll(async () => {
      await application.runOk(application.bin('nest'), 'build');
      await application.paste('bundle.mjs');
      await application.runOk(process.execPath, 'bundle.mjs');
    }, 120_000);

    it('runs', () => printsReport(process.execPath, ['bundle/main.mjs']));

    it('fails with advice when classic-level is not installed where the bundle runs', async () => {
      const cwd = await application.copy('bundle', 'elsewhere');
      expectAdvice(await run(process.execPath, ['bundle/main.mjs'], { cwd, env: { PORT: '0' } }));
    });

    it('fails with advice when classic-level is part of the bundle', async () => {
      const script = application.readme
        .file('bundle.mjs')
        .replace("'classic-level', ", '')
        .replace('main.mjs', 'all.mjs');
      await application.paste('bundle-all.mjs', script);
      await application.runOk(process.execPath, 'bundle-all.mjs');
      expectAdvice(await application.node('bundle/all.mjs'));
    });
  });

  if (plan.builders.includes('webpack')) {
    it('runs when bundled with webpack', async () => {
      await writeAsNest11();
      await application.paste('webpack.config.js');
      await application.runOk(application.bin('nest'), 'build', '--builder', 'webpack');
      await printsReport(process.execPath, ['dist/main.js']);
    });
  }

  if (plan.cli === 12) {
    it.each([10, 12])('is installed by pnpm %i without warnings about build scripts, and runs', async (pnpm) => {
      await application.runOk(application.bin('nest'), 'build');
      const cwd = await application.copy('dist', `pnpm-${pnpm}`);
      const { type, dependencies } = await application.manifest();
      const manifest = {
        private: true,
        type,
        dependencies: { ...dependencies, 'nestjs-oursms': `file:${tarball.path}` },
      };
      await writeFile(join(cwd, 'package.json'), JSON.stringify(manifest));
      await writeFile(join(cwd, 'pnpm-workspace.yaml'), application.readme.block('yaml', 'allowBuilds'));
      const flags = ['install', '--prefer-offline', '--store-dir', join(cwd, 'store')];
      const { stdout, stderr } = await runOk('npx', ['--yes', `pnpm@${pnpm}`, ...flags], { cwd, timeoutMs: 300_000 });
      expect(`${stdout}${stderr}`).not.toMatch(/build scripts|IGNORED_BUILDS/);
      await printsReport(process.execPath, ['dist/main.js'], cwd);
    });
  }
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** The request of the README, once the application listens. @returns Its answer; undefined when it never did */
async function askForCode(port: number, signal: AbortSignal): Promise<unknown> {
  const body = new URLSearchParams({ number: '0501234567' });
  while (!signal.aborted) {
    const answer = await fetch(`http://127.0.0.1:${port}/login-codes`, { method: 'POST', body, signal }).catch(
      () => undefined,
    );
    if (answer) return answer.json();
    await wait(200);
  }
  return undefined;
}

function expectAdvice({ code, stderr }: Ended): void {
  expect(code).not.toBe(0);
  expect(stderr).toMatch(/OurSmsStorageError: The store .+ cannot be opened: classic-level could not be loaded/);
  expect(stderr).toContain(
    "In a bundle, leave it out with external: ['classic-level'] and install it where the bundle runs",
  );
}
