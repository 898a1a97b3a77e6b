import { ValidationPipe, type LogLevel } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { OurSmsExceptionFilter } from 'nestjs-oursms';
import { serveApiPage } from './api-page.js';
import { AppModule } from './app.module.js';
import { pageDirectory } from './page-directory.js';
import { refuseForeignRequests } from './security/refuse-foreign-requests.js';
import { setSecurityHeaders } from './security/security-headers.js';
import { SampleLogger } from './sample-logger.js';
import { readSettings } from './settings.js';
import { OtlpExport } from './telemetry/otlp-export.js';

/** How the application is started. */
export interface StartOptions {
  /** The environment that the settings are read from. */
  env: NodeJS.ProcessEnv;
  /** The port on 127.0.0.1; 0 for a free one. */
  port: number;
  /** What is logged, or `false` for nothing. Default: all but what Nest says of modules and routes. */
  logger?: LogLevel[] | false;
}

/** The running application and where it is. */
export interface SampleApp {
  app: NestExpressApplication;
  /** Such as `http://127.0.0.1:3000`. */
  url: string;
}

/**
 * Makes the application and listens on 127.0.0.1, where no other machine reaches it.
 *
 * @throws {SettingsError} for an environment that does not fit together; `OurSmsConfigError` for options that the module
 * refuses; the error of Node's `listen`
 */
export async function startSampleApp({ env, port, logger }: StartOptions): Promise<SampleApp> {
  const settings = readSettings(env);
  const { otlpEndpoint } = settings;
  const otlp = otlpEndpoint === undefined ? undefined : OtlpExport.start(otlpEndpoint);
  const app = await NestFactory.create<NestExpressApplication>(AppModule.with(settings, otlp), {
    abortOnError: false,
    // A browser opens connections ahead of time and leaves them idle: Ctrl+C would wait for them.
    forceCloseConnections: true,
    logger: logger ?? new SampleLogger(),
  });
  app.disable('x-powered-by');
  app.use(setSecurityHeaders, refuseForeignRequests);
  app.useStaticAssets(pageDirectory());
  app.useGlobalPipes(new ValidationPipe({ transform: true, whitelist: true, forbidNonWhitelisted: true }));
  app.useGlobalFilters(new OurSmsExceptionFilter());
  serveApiPage(app);
  try {
    await app.listen(port, '127.0.0.1');
  } catch (error) {
    await app.close();
    throw error;
  }
  return { app, url: await app.getUrl() };
}
