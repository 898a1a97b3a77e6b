import { Logger } from '@nestjs/common';
import { explainStartFault } from './explain-start-fault.js';
import { readPort } from './settings.js';
import { startSampleApp } from './start-sample-app.js';

try {
  const { app, url } = await startSampleApp({ env: process.env, port: readPort(process.env) });
  app.enableShutdownHooks();
  new Logger('SampleApp').log(`Open ${url} (the API: ${url}/api)`);
} catch (error) {
  console.error(explainStartFault(error));
  process.exitCode = 1;
}
